"""fm.plyr.search and fm.plyr.actor.searchActors: what is meant by a text, the best first.

Three statements: the known words that may be meant by those that were typed, the documents that have them, and the
views of the best. Each is bounded, however common the words are; which documents are looked at, and how they are
weighed, says `views/search.sql`, `search_words.py` and `search_score.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from appview.cursors import MOST, Listing
from appview.queries import search_terms, search_words
from appview.queries.base import VIEWS, Call
from appview.queries.search_score import Scored, relevance, scored
from appview.queries.search_terms import Asked
from protocol.syntax import Handle, SyntaxInvalid, parse_at_identifier
from protocol.text import tag
from protocol.words import squeeze, words
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
    best = [each for kind in kinds for each in by_kind[kind][: None if kind == "album" else limit]]
    views = await _shown(call, best, limit)
    hits: defaultdict[str, list[str]] = defaultdict(list)
    for each, view in zip(best, views, strict=True):
        if view:
            hits[each.kind].append(f'{{"relevance":"{relevance(each.score)}","{_name(each.kind)}":{view}}}')
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
    views = ",".join(view for view in await _shown(call, rest[:limit], limit) if view)
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
    asked, author, either = _narrowed(search_terms.parse(call.params["q"]), tags, artist)
    if asked.empty:
        return []
    artists, tagged = [] if either else words(author or ""), words(" ".join(tags))
    meanings, beside = await search_words.meanings(call, SQL["words"], asked.words, [*artists, *tagged])
    levels = search_words.levels(asked.words, meanings, beside)
    if tagged:  # of many words a document keeps the first, and tags stand last
        others = search_words.levels(asked.words, meanings, beside[: len(artists)])
        levels += [level for level in others if not level.common]
    rows = await call.reads.rows(
        SQL[_statement("documents", kinds)],
        kinds,
        asked.whole or None,
        asked.handle or (None if asked.account else asked.whole) or None,
        *search_words.columns(levels, narrowed=bool(excluded or asked.tags or author)),
        list(excluded),
        list(asked.tags),
        squeeze(author) if author else None,
        asked.account,
        [kind for kind, _ in asked.keys],
        [key for _, key in asked.keys],
        asked.all_of_it,
        search_words.corrected(asked.words, meanings),
        most,
        either,
    )
    return scored(asked, meanings, rows)


def _narrowed(asked: Asked, tags: Sequence[str], artist: str | None) -> tuple[Asked, str | None, bool]:
    """What is asked for among the tracks of an artist: an account, or a name as authors write it; and whether it may be
    either, as will.i.am."""
    asked = replace(asked, tags=[*asked.tags, *tags])
    if artist is None:
        return asked, None, False
    try:
        account = parse_at_identifier(artist.removeprefix("@"))
    except SyntaxInvalid:
        return asked, artist, False
    if asked.account is None:
        either = isinstance(account, Handle) and not artist.startswith("@")
        return replace(asked, account=account), artist if either else None, either
    is_another = type(asked.account) is type(account) and asked.account != account
    return search_terms.NOTHING if is_another else replace(asked, account=account), None, False


async def _shown(call: Call, best: Sequence[Scored], limit: int) -> list[str | None]:
    """The view of each; None of what has gone meanwhile, of albums without a track, and of those behind the limit."""
    if not best:
        return []
    kinds = [each.kind for each in best]
    columns = kinds, [each.account_id for each in best], [each.key for each in best]
    rows = await call.reads.rows(SQL[_statement("shown", kinds)], *columns, call.viewer_id, limit)
    views = {row["place"]: row["item"] for row in rows}
    return [views.get(place) for place in range(1, len(best) + 1)]


def _statement(name: str, kinds: Sequence[str]) -> str:
    """The statement for documents of these kinds. To set up the one for all takes longer than most searches."""
    alone = f"{name}_{kinds[0]}"
    return alone if alone in SQL and len(set(kinds)) == 1 else name


def _name(kind: str) -> str:
    return next(view for each, view in GROUPS.values() if each == kind)
