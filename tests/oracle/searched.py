"""The model's search documents: what can be found, by which words, and how many documents have each. Slow and plain.
records.md, "What follows from records".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from tests.oracle.plyr import Row
from tests.oracle.wording import marks, squeezed, words

Rows: TypeAlias = Mapping[tuple[Any, ...], Row]

WORDS: Final = 32


def names(tables: Mapping[str, Rows]) -> dict[tuple[Any, ...], Row]:
    """The table `actor_name`. Of teal's profiles the stable one counts, if there is one."""
    teal = {did: row for (did, _), row in sorted(tables["teal_profile"].items(), key=lambda entry: -entry[0][1])}
    bsky = {did: row for (did,), row in tables["bsky_profile"].items()}
    plyr = {did: row for (did,), row in tables["plyr_profile"].items()}
    found: dict[tuple[Any, ...], Row] = {}
    for did in teal.keys() | bsky.keys() | plyr.keys():
        said = [each[did] for each in (bsky, teal) if did in each]
        row = {name: next((each[name] for each in said if each[name]), None) for name in ("display_name", "avatar_cid")}
        row["avatar"] = plyr[did]["avatar"] if did in plyr else None
        if any(row.values()):
            found[did,] = row
    return found


def searched(
    tables: Mapping[str, Rows], handles: Mapping[str, str], hidden: frozenset[str]
) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The tables `search_document` and `search_word`. `handles`: of those who have one that is theirs."""
    documents = {key: row for key, row in _documents(tables, handles) if key[1] not in hidden}
    return {"search_document": documents, "search_word": vocabulary(documents.values())}


def vocabulary(documents: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
    """The words of some documents."""
    counts = Counter(word for row in documents for word in row["named"] + row["beside"])
    return {
        (word,): {"documents": number, "weight": number.bit_length(), "marks": list(marks(word))}
        for word, number in counts.items()
    }


def found_by(name: str, beside: Sequence[str | None]) -> Row:
    """The words that lead to what has that name, of it and of what stands beside it."""
    named = words(name)[:WORDS]
    others = dict.fromkeys(word for text in beside if text for word in words(text) if word not in named)
    kept = list(others)[:WORDS]
    return {"named": sorted(named), "beside": sorted(kept), "word_count": len(named) + len(kept)}


def _documents(tables: Mapping[str, Rows], handles: Mapping[str, str]) -> Iterator[tuple[tuple[Any, ...], Row]]:
    likes = {uri: row["like_count"] for (uri,), row in tables["subject_count"].items()}
    for (did, rkey), row in tables["plyr_track"].items():
        beside = [row["artist"], row["album"], *row["tags"]]
        found = _document(row["title"], beside, likes.get(row["uri"], 0))
        yield ("track", did, rkey), found | {"artist": squeezed(row["artist"]), "tags": row["tags"]}
    for did in handles.keys() | {did for (did,) in tables["actor_name"]}:
        handle, known = handles.get(did), tables["actor_name"].get((did,), {}).get("display_name")
        received = tables["actor_count"].get((did,), {}).get("likes_received", 0)
        if name := known or handle:
            found = _document(name, [handle], received)
            yield ("artist", did, ""), found | {"alias": squeezed(handle) if handle else None}
    artists: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for did, rkey, by_list, album in tables["album_track"]:
        artists[did, by_list, album].add(tables["plyr_track"][did, rkey]["artist"])
    for (did, by_list, album), row in tables["album"].items():
        if row["track_count"] or row["guest_count"]:
            own = sorted(artists[did, by_list, album], key=str.encode)[:3]
            yield ("album", did, f"{'list' if by_list else 'name'}/{album}"), _document(row["title"], own)
    for (did, rkey), row in tables["plyr_list"].items():
        if row["list_type"] == "playlist" and row["name"]:
            yield ("playlist", did, f"list/{rkey}"), _document(row["name"], [])
    for (tag,), row in tables["tag_count"].items():
        yield ("tag", None, tag), _document(tag, [], row["track_count"]) | {"tags": [tag]}


def _document(name: str, beside: Sequence[str | None], liked: int = 0) -> Row:
    shown = {"name": squeezed(name), "alias": None, "artist": None, "tags": [], "popularity": liked.bit_length()}
    return shown | found_by(name, beside)
