"""What somebody is playing now: one row for each generation of the record; the read side shows the later one.

A status that was cleared (no track name, or an expiry that has passed) is a row that has expired. Nothing is computed
against the clock here: whether a status is active shows when it is read.
records.md, "fm.teal.actor.status (and alpha)".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from indexer.projections import fields, music
from indexer.projections.base import Key, Projection
from indexer.projections.tolerances import odd_status
from indexer.stages import RecordKeyRow, RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)
STABLE = "fm.teal.actor.status"
ALPHA = "fm.teal.alpha.actor.status"
DEFAULT_LIFE = timedelta(minutes=10)
LONGEST_LIFE = timedelta(days=1)


class Status(NamedTuple):
    """A row; from `alpha` on the fields of `music.Item`."""

    account_id: int
    started_at: datetime
    expires_at: datetime
    indexed_at: datetime
    alpha: bool
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


def parse(row: RecordRow) -> Status:
    given: Any = row.value.get("item")
    item = music.read_item(cast("dict[str, Any]", given) if isinstance(given, dict) else {})
    started = _started(row)
    expiry = fields.moment(row.value.get("expiry")) or started + DEFAULT_LIFE
    expires = min(expiry, started + LONGEST_LIFE) if item.track_name else started
    return Status(row.key.account_id, started, expires, row.indexed_at, row.key.collection == ALPHA, *item)


def _started(row: RecordRow) -> datetime:
    """As said, but not after the commit: the record's indexing is that of its first version."""
    committed = row.rev.time
    said = fields.moment(row.value.get("time"))
    return min(said, committed) if said else committed


def key(record: RecordKeyRow) -> Key:
    return record.account_id, record.rkey, record.collection == ALPHA


PROJECTION = Projection(
    collections=(STABLE, ALPHA),
    table="teal_status",
    columns=Status._fields,
    key=key,
    parse=parse,
    tolerates=odd_status,
    sql=SQL,
)
