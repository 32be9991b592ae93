"""The model's plays of tracks: which play is of which, and what is counted of them. Slow and plain. records.md,
"fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tests.oracle.music import track_name
from tests.oracle.plyr import Row

Rows: TypeAlias = Mapping[tuple[Any, ...], Row]


def heard(tracks: Rows, plays: Rows, hidden: frozenset[str]) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The tables `ranked_track`, `track_play`, `track_listener`, `heard_actor`, `heard_tag` and `heard_total`."""
    standing = {
        key: row | {"name": track_name(row["title"], row["artist"])}
        for key, row in tracks.items()
        if key[0] not in hidden
    }
    found: dict[tuple[Any, ...], Row] = {}
    counts: Counter[tuple[Any, ...]] = Counter()
    listeners: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key, row in plays.items():
        track = _of(row, standing) if row["canonical"] and key[0] not in hidden else None
        if track is not None:
            found[key] = {"subject": standing[track]["uri"], "owner": track[0], "day": row["played_at"].date()}
            counts[track] += 1
            listeners[track[0]][key[0]] += 1
    tags = Counter(tag for track, number in counts.items() for tag in tracks[track]["tags"] * number)
    kept = ("uri", "name", "indexed_at", "sort_at", "tags")
    return {
        "ranked_track": {
            key: {name: row[name] for name in kept} | {"play_count": counts[key]} for key, row in standing.items()
        },
        "track_play": found,
        "track_listener": {(owner, did): {"plays": plays} for owner, did, plays in _pairs(listeners)},
        "heard_actor": {
            (owner,): {"play_count": each.total(), "listener_count": len(each)} for owner, each in listeners.items()
        },
        "heard_tag": {(tag,): {"play_count": number} for tag, number in tags.items()},
        "heard_total": {(): {"play_count": len(found)}},
    }


def _of(play: Row, tracks: Rows) -> tuple[Any, ...] | None:
    for key, row in tracks.items():
        if row["uri"] == play["track_uri"]:
            return key
    same = [key for key, row in tracks.items() if row["name"] and row["name"] == play["track_named"]]
    return min(same, key=lambda key: (tracks[key]["indexed_at"], tracks[key]["uri"]), default=None)


def _pairs(listeners: Mapping[str, Counter[str]]) -> Iterator[tuple[str, str, int]]:
    for owner, each in listeners.items():
        yield from ((owner, did, plays) for did, plays in each.items())
