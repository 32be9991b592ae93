"""Plays, stable and alpha as one collection.

An alpha record whose stable twin has the same key is shadowed by it. Among the others, those of one account, time and
recording are one play: all are kept, and one counts, stable before alpha, then the lowest key.
records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from indexer.aggregates import Contribution, Heard, credited
from indexer.projections import fields, music
from indexer.projections.base import Key, Projection, Settlement
from indexer.projections.tolerances import odd_play
from indexer.stages import RecordKeyRow, RecordRow
from protocol.syntax import SyntaxInvalid, Tid
from runtime.sql import Queries

SQL = Queries.beside(__file__)
STABLE = "fm.teal.feed.play"
ALPHA = "fm.teal.alpha.feed.play"


class Play(NamedTuple):
    """A row. `recording`, `release`, `artists`: identities (see music.py); `canonical` and `shadowed` until settled."""

    account_id: int
    played_at: datetime
    indexed_at: datetime
    recording: str
    release: str | None
    artists: list[str]
    alpha: bool
    canonical: bool
    shadowed: bool
    rkey: str
    cid: str
    duration: int | None
    recording_mbid: str | None
    release_mbid: str | None
    track_mbid: str | None
    track_name: str | None
    artist_names: list[str]
    artist_mbids: list[str | None] | None
    release_name: str | None
    isrc: str | None
    origin: str | None
    service: str | None
    agent: str | None
    track_uri: str | None
    track_named: str | None


def parse(row: RecordRow) -> Play | None:
    item = music.read_item(row.value)
    if item.track_name is None:
        return None
    return Play(  # by position: this is done for every play of the network
        row.key.account_id,
        played_at(row),
        row.indexed_at,
        music.recording_id(item),
        music.release_id(item),
        music.artist_ids(item),
        row.key.collection == ALPHA,
        True,
        False,
        row.key.rkey,
        str(row.cid),
        *item,
    )


def played_at(row: RecordRow) -> datetime:
    """When playback began: as said, unless that lies in the future; else by the record's key; never after indexing."""
    said = fields.moment(row.value.get("playedTime"))
    if said and said <= row.indexed_at:
        return said
    try:
        return min(Tid.parse(row.key.rkey).time, row.indexed_at)
    except SyntaxInvalid:
        return row.indexed_at


def key(record: RecordKeyRow) -> Key:
    return record.account_id, record.rkey, record.collection == ALPHA


def contribution(play: Play) -> Contribution:
    return Contribution(play.account_id, scrobbles=1)


def heard(play: Play) -> Heard:
    """What is to be counted of a play that has come to count."""
    return Heard(
        play.account_id,
        play.played_at,
        play.recording.replace("-", ""),
        play.release and play.release.replace("-", ""),
        play.track_name or "",
        play.release_name or "",
        credited(play.artist_names, play.artist_mbids),
    )


PROJECTION = Projection(
    collections=(STABLE, ALPHA),
    table="teal_play",
    columns=Play._fields,
    key=key,
    parse=parse,
    tolerates=odd_play,
    sql=SQL,
    contribution=contribution,
    heard=heard,
    settlement=Settlement(group=("account_id", "played_at", "recording"), before="shadow"),
)
