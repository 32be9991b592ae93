"""fm.plyr.search and fm.plyr.actor.searchActors: what is meant by a text, the best first.

Three statements: the known words that may be meant by those that were typed, the documents that have them, and the
views of the best. Each is bounded, however common the words are; which documents are looked at, and how they are
weighed, says `views/search.sql` and `search_score.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from appview.cursors import MOST, Listing
from appview.queries import search_terms
from appview.queries.base import VIEWS, Call
from appview.queries.search_score import BEGUN_LEAST, ONE, Known, Scored, known, scored
from appview.queries.search_terms import Asked
from protocol.syntax import SyntaxInvalid, parse_at_identifier
from protocol.text import tag
from protocol.words import Sought, farther, near, squeeze, within, words
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

TRACKS = Listing("fm.plyr.search.searchTracks", MOST, MOST, "")
ACTORS = Listing("fm.plyr.actor.searchActors", MOST, MOST, "")

GROUPS = {
    "tracks": ("track", "track"),
    "artists": ("artist", "actor"),
    "albums": ("album", "album"),
    "playlists": ("playlist", "list"),
    "tags": ("tag", "tag"),
}
"""Of each type: the kind of its documents, and what the view of a hit is called."""
PAGED = 200
"""Documents that are weighed for a list that pages."""
CHOICE = 60
"""Documents of each type that are weighed at the least, and how many for each that is shown."""
CHOICE_FOR_EACH = 4
COMMON = 500
"""Documents of the rarest word from which on the popular ones are looked at first."""
ENOUGH = 20_000
"""Documents of the words that may be meant by one, together; but for the first one."""
FUZZY_MIN = 3
"""Characters of a word in which mistakes are looked for."""


async def search_all(call: Call) -> str:
    """Everything that may be meant, by type."""
    limit = call.params["limit"]
    types = [name for name in GROUPS if name in call.params.get("types", GROUPS)]
    kinds = [GROUPS[name][0] for name in types]
    excluded = [tag(name) for name in call.params.get("excludeTags", ())]
    found = await _found(call, kinds, max(CHOICE, limit * CHOICE_FOR_EACH), excluded=excluded)
    by_kind: defaultdict[str, list[Scored]] = defaultdict(list)
    for each in found:
        by_kind[each.kind].append(each)
    best = [each for kind in kinds for each in by_kind[kind][:limit]]
    views = await _shown(call, best)
    hits: defaultdict[str, list[str]] = defaultdict(list)
    for each, view in zip(best, views, strict=True):
        if view:
            hits[each.kind].append(f'{{"relevance":"{min(each.score, ONE) / ONE:.3f}","{_name(each.kind)}":{view}}}')
    lists = ",".join(f'"{name}":[{",".join(hits[GROUPS[name][0]])}]' for name in types)
    counts = ",".join(f'"{name}":{len(hits[GROUPS[name][0]])}' for name in types)
    return f'{{{lists},"counts":{{{counts}}}}}'


async def search_tracks(call: Call) -> str:
    """Tracks, the best first."""
    tags = [tag(call.params["tag"])] if "tag" in call.params else []
    return await _page(call, "tracks", TRACKS, "track", tags=tags, artist=call.params.get("artist"))


async def search_actors(call: Call) -> str:
    """Accounts, the best first."""
    return await _page(call, "actors", ACTORS, "artist")


async def _page(  # noqa: PLR0913 (two filters that tracks alone have)
    call: Call, name: str, listing: Listing, kind: str, *, tags: Sequence[str] = (), artist: str | None = None
) -> str:
    limit: int = call.params["limit"]
    after = call.after(listing)
    found = await _found(call, [kind], PAGED, tags=tags, artist=artist)
    rest = [each for each in found if (each.score, each.account_id, each.key) < after]
    views = ",".join(view for view in await _shown(call, rest[:limit]) if view)
    if len(rest) <= limit:
        return f'{{"{name}":[{views}]}}'
    last = rest[limit - 1]
    return f'{{"{name}":[{views}],"cursor":"{listing.encode((last.score, last.account_id, last.key))}"}}'


async def _found(  # noqa: PLR0913 (what narrows a search)
    call: Call,
    kinds: Sequence[str],
    most: int,
    *,
    excluded: Sequence[str] = (),
    tags: Sequence[str] = (),
    artist: str | None = None,
) -> list[Scored]:
    """The documents of these kinds that may be meant, the best first."""
    asked, author = _narrowed(search_terms.parse(call.params["q"]), tags, artist)
    if asked.empty:
        return []
    meanings = await _meanings(call, asked.words)
    strict, wide, some = _queries(asked.words, meanings, words(author or ""))
    rows = await call.reads.rows(
        SQL["documents"],
        kinds,
        asked.whole or None,
        asked.handle or (None if asked.account else asked.whole) or None,
        strict,
        wide,
        some,
        _common(meanings),
        list(excluded),
        list(asked.tags),
        squeeze(author) if author else None,
        asked.account,
        [kind for kind, _ in asked.keys],
        [key for _, key in asked.keys],
        asked.all_of_it,
        most,
    )
    return scored(asked, meanings, rows)


def _narrowed(asked: Asked, tags: Sequence[str], artist: str | None) -> tuple[Asked, str | None]:
    """What is asked for among the tracks of an artist: an account, or a name as authors write it."""
    asked = replace(asked, tags=[*asked.tags, *tags])
    if artist is None:
        return asked, None
    try:
        account = parse_at_identifier(artist.removeprefix("@"))
    except SyntaxInvalid:
        return asked, artist
    return (asked if asked.account == account else replace(asked, account=account)), None


async def _meanings(call: Call, typed: Sequence[Sought]) -> list[list[Known]]:
    """Of each word that was typed, the known ones that may be meant."""
    if not typed:
        return []
    names = [each.word for each in typed]
    rows = await call.reads.rows(
        SQL["words"],
        names,
        [each.begins and (len(each.word) > 1 or not each.word.isascii()) for each in typed],
        [_array(near(name)) if len(name) >= FUZZY_MIN else None for name in names],
        [_array(farther(name)) or None for name in names],
        [_array(within(name)) or None for name in names],
    )
    found: list[list[tuple[int, str, int]]] = [[] for _ in names]
    for row in rows:
        place: int = row["place"]
        found[place - 1].append((row["way"], row["word"], row["documents"]))
    return [known(name, rows) for name, rows in zip(names, found, strict=True)]


async def _shown(call: Call, best: Sequence[Scored]) -> list[str | None]:
    """The view of each; None of what has gone meanwhile."""
    if not best:
        return []
    columns = [each.kind for each in best], [each.account_id for each in best], [each.key for each in best]
    views = {row["place"]: row["item"] for row in await call.reads.rows(SQL["shown"], *columns, call.viewer_id)}
    return [views.get(place) for place in range(1, len(best) + 1)]


def _name(kind: str) -> str:
    return next(view for each, view in GROUPS.values() if each == kind)


def _array(marks: Sequence[int]) -> str:
    return f"{{{','.join(map(str, marks))}}}" if marks else ""


def _queries(
    typed: Sequence[Sought], meanings: Sequence[Sequence[Known]], artist: Sequence[str]
) -> tuple[str | None, str | None, str | None]:
    """Queries for documents with all words as they are typed, with all or near ones, and with one of the two rarest;
    all of them by the artist. A single letter is a word that is not yet typed; it need not be met."""
    pairs = [
        (each, words)
        for each, words in zip(typed, meanings, strict=True)
        if len(typed) == 1 or len(each.word) > 1 or not each.word.isascii()
    ]
    exact = [
        _any_of([one for one in words if one.quality >= (BEGUN_LEAST if each.begins else 1)]) for each, words in pairs
    ]
    meant = [_any_of(words) for _, words in pairs if words]
    rarest = sorted((sum(one.documents for one in words), place) for place, (_, words) in enumerate(pairs) if words)
    some = [_any_of(pairs[place][1]) for _, place in rarest[:2]] if len(pairs) > 1 else []
    by = [_quoted(word) for word in artist]
    strict = _all_of([*exact, *by]) if exact else None
    wide = _all_of([*meant, *by]) if meant else None
    return strict, wide if wide != strict else None, _all_of(["|".join(filter(None, some)), *by]) if some else None


def _all_of(parts: Sequence[str | None]) -> str | None:
    return "&".join(f"({part})" for part in parts) if parts and all(parts) else None


def _any_of(meanings: Sequence[Known]) -> str | None:
    """Any of some known words, the best ones, bounded by how many documents have them."""
    chosen: list[str] = []
    documents = 0
    for each in meanings:
        documents += each.documents
        if chosen and documents > ENOUGH:
            break
        chosen.append(_quoted(each.word))
    return "|".join(chosen) or None


def _common(meanings: Sequence[Sequence[Known]]) -> bool:
    """Whether so many documents have the words that it matters which of them are looked at."""
    return bool(meanings) and min(sum(each.documents for each in words) for words in meanings) > COMMON


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
