"""What can be found, and how many documents have each word, made of all records by the plainest means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from protocol.words import squeeze, words
from runtime.db import Pool


def search(
    tracks: Iterable[Any], lists: Iterable[Any], names: Mapping[int, str], albums: Mapping[str, Any], hidden: set[int]
) -> dict[str, Any]:
    """Every document by (kind, account, key), as its name, and of every word the number of documents.

    `tracks`, `lists`: all there are. `names`: of accounts that have one. `albums`: see `recount_albums`."""
    seen = [track for track in tracks if track.account_id not in hidden]
    texts: dict[tuple[str, int, str], list[str | None]] = {}
    for track in seen:
        texts["track", track.account_id, track.rkey] = [track.title, track.artist, track.album, *track.tags]
        texts |= {("tag", 0, tag): [tag] for tag in track.tags}
    for account_id, name in names.items():
        texts["artist", account_id, ""] = [name]
    for each in lists:
        if each.list_type == "playlist" and each.name is not None and each.account_id not in hidden:
            texts["playlist", each.account_id, f"list/{each.rkey}"] = [each.name]
    artists = {(track.account_id, track.rkey): track.artist for track in seen}
    for (account_id, by_list, album), row in albums["albums"].items():
        if account_id not in hidden and (row["track_count"] or row["guest_count"]):
            own = {
                artists[place[:2]]
                for place in albums["places"]
                if (place[0], *place[2:]) == (account_id, by_list, album)
            }
            key = f"{'list' if by_list else 'name'}/{album}"
            texts["album", account_id, key] = [row["title"], *sorted(own)[:3]]
    found = {key: squeeze(name or "") for key, (name, *_) in texts.items()}
    of_each = [{word for text in several if text for word in words(text)} for several in texts.values()]
    return {"documents": found, "words": Counter(word for several in of_each for word in several)}


async def stored_search(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    documents = await pool.fetch("SELECT kind, account_id, key, name FROM search_document")
    counts = await pool.fetch("SELECT word, documents FROM search_word")
    return {
        "documents": {tuple(key): name for *key, name in documents},
        "words": dict(counts),
    }
