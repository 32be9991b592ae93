"""What is counted of plays of tracks, made of all records by the plainest means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from protocol.text import normalise
from runtime.db import Pool


def heard(tracks: Iterable[Any], plays: Iterable[Any]) -> dict[str, Any]:
    """`tracks` and `plays` that show; the plays are those that count."""
    by_uri = {track.uri: track for track in tracks}
    matched = {
        (play.account_id, play.rkey, play.alpha): found
        for play in plays
        if (found := track_of(play, by_uri)) is not None
    }
    listeners = {(track.account_id, account_id) for (account_id, _, _), track in matched.items()}
    return {
        "matched": {key: track.uri for key, track in matched.items()},
        "tracks": dict.fromkeys(by_uri, 0) | Counter(track.uri for track in matched.values()),
        "actors": Counter(track.account_id for track in matched.values()),
        "listeners": Counter(owner for owner, _ in listeners),
        "tags": Counter(tag for track in matched.values() for tag in track.tags),
        "total": len(matched),
    }


def track_of(play: Any, by_uri: dict[str, Any]) -> Any:
    """The track of its origin, else the first one that was indexed of those with its names."""
    if play.track_uri in by_uri:
        return by_uri[play.track_uri]
    if play.service != "plyr.fm" or not play.artist_names:
        return None
    names = normalise(play.track_name), normalise(play.artist_names[0])
    same = [track for track in by_uri.values() if (normalise(track.title), normalise(track.artist)) == names]
    return min(same, key=lambda track: (track.indexed_at, track.uri), default=None)


async def stored_heard(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    matched = await pool.fetch("SELECT account_id, rkey, alpha, subject FROM track_play")
    tracks = await pool.fetch("SELECT uri, play_count FROM ranked_track")
    actors = await pool.fetch("SELECT account_id, play_count, listener_count FROM heard_actor")
    tags = await pool.fetch("SELECT tag, play_count FROM heard_tag")
    return {
        "matched": {(row["account_id"], row["rkey"], row["alpha"]): row["subject"] for row in matched},
        "tracks": {row["uri"]: row["play_count"] for row in tracks},
        "actors": {row["account_id"]: row["play_count"] for row in actors},
        "listeners": {row["account_id"]: row["listener_count"] for row in actors},
        "tags": {row["tag"]: row["play_count"] for row in tags},
        "total": await pool.fetchval("SELECT sum(play_count)::integer FROM heard_total"),
    }
