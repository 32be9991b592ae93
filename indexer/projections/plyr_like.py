"""Likes. Every one is kept; of an account's likes of one subject the earliest alone counts and shows.

A subject may be anything, known or not. records.md, "fm.plyr.like, fm.plyr.comment".
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from indexer.aggregates import Contribution, utc_day
from indexer.projections import fields
from indexer.projections.base import Projection, Settlement, by_rkey
from indexer.projections.tolerances import odd_rkey
from indexer.stages import RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class Like(NamedTuple):
    """A row. `canonical` until another one turns out to be earlier."""

    account_id: int
    sort_at: datetime
    created_at: datetime
    indexed_at: datetime
    canonical: bool
    rkey: str
    uri: str
    subject: str


def parse(row: RecordRow) -> Like | None:
    subject = fields.subject(row.value.get("subject"))
    if subject is None:
        return None
    created, sort = fields.times(row)
    return Like(
        account_id=row.key.account_id,
        sort_at=sort,
        created_at=created,
        indexed_at=row.indexed_at,
        canonical=True,
        rkey=row.key.rkey,
        uri=fields.uri(row),
        subject=subject[0],
    )


def contribution(like: Like) -> Contribution:
    return Contribution(like.account_id, like.subject, likes=1, day=utc_day(like.sort_at))


PROJECTION = Projection(
    collections=("fm.plyr.like",),
    table="plyr_like",
    columns=Like._fields,
    key=by_rkey,
    parse=parse,
    tolerates=odd_rkey,
    sql=SQL,
    contribution=contribution,
    settlement=Settlement(group=("account_id", "subject")),
)
