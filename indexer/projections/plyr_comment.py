"""Comments, each at a position of a track. A subject may be anything, known or not.

records.md, "fm.plyr.like, fm.plyr.comment".
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from indexer.aggregates import Contribution, utc_day
from indexer.projections import fields
from indexer.projections.base import Projection, by_rkey
from indexer.projections.tolerances import odd_rkey
from indexer.stages import RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)
POSITION_MAX = 1 << 62  # beyond it no cursor goes


class Comment(NamedTuple):
    """A row. `timestamp_ms`: milliseconds from the track's beginning, at most `POSITION_MAX`."""

    account_id: int
    sort_at: datetime
    created_at: datetime
    updated_at: datetime | None
    indexed_at: datetime
    timestamp_ms: int
    rkey: str
    uri: str
    cid: str
    subject: str
    subject_cid: str
    text: str


def parse(row: RecordRow) -> Comment | None:
    subject = fields.subject(row.value.get("subject"))
    text = fields.text(row.value.get("text"))
    position = fields.integer(row.value.get("timestampMs"))
    if subject is None or text is None or position is None:
        return None
    created, sort = fields.times(row)
    return Comment(
        account_id=row.key.account_id,
        sort_at=sort,
        created_at=created,
        updated_at=fields.moment(row.value.get("updatedAt")),
        indexed_at=row.indexed_at,
        timestamp_ms=min(position, POSITION_MAX),
        rkey=row.key.rkey,
        uri=fields.uri(row),
        cid=str(row.cid),
        subject=subject[0],
        subject_cid=subject[1],
        text=text,
    )


def contribution(comment: Comment) -> Contribution:
    return Contribution(comment.account_id, comment.subject, comments=1, day=utc_day(comment.sort_at))


PROJECTION = Projection(
    collections=("fm.plyr.comment",),
    table="plyr_comment",
    columns=Comment._fields,
    key=by_rkey,
    parse=parse,
    tolerates=odd_rkey,
    sql=SQL,
    contribution=contribution,
)
