"""plyr's profile; its avatar is a URI and no blob. records.md, "Profiles"."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from indexer.projections import fields
from indexer.projections.base import Projection, by_rkey
from indexer.projections.tolerances import nothing
from indexer.stages import RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class PlyrProfile(NamedTuple):
    """A row."""

    account_id: int
    created_at: datetime
    indexed_at: datetime
    avatar: str | None
    bio: str | None


def parse(row: RecordRow) -> PlyrProfile:
    return PlyrProfile(
        account_id=row.key.account_id,
        created_at=fields.times(row).created,
        indexed_at=row.indexed_at,
        avatar=fields.text(row.value.get("avatar")),
        bio=fields.text(row.value.get("bio")),
    )


PROJECTION = Projection(
    collections=("fm.plyr.actor.profile",),
    table="plyr_profile",
    columns=PlyrProfile._fields,
    key=by_rkey,
    parse=parse,
    tolerates=nothing,
    sql=SQL,
)
