"""Bluesky's profile, of accounts that are indexed for another record. records.md, "Profiles"."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from indexer.projections import fields
from indexer.projections.base import Projection, by_rkey
from indexer.projections.tolerances import nothing
from indexer.stages import RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class BskyProfile(NamedTuple):
    """A row."""

    account_id: int
    created_at: datetime | None
    indexed_at: datetime
    display_name: str | None
    description: str | None
    avatar_cid: str | None
    banner_cid: str | None


def parse(row: RecordRow) -> BskyProfile:
    avatar, banner = fields.blob(row.value.get("avatar")), fields.blob(row.value.get("banner"))
    return BskyProfile(
        account_id=row.key.account_id,
        created_at=fields.moment(row.value.get("createdAt")),
        indexed_at=row.indexed_at,
        display_name=fields.name(row.value.get("displayName")),
        description=fields.text(row.value.get("description")),
        avatar_cid=avatar and avatar.cid,
        banner_cid=banner and banner.cid,
    )


PROJECTION = Projection(
    collections=("app.bsky.actor.profile",),
    table="bsky_profile",
    columns=BskyProfile._fields,
    key=by_rkey,
    parse=parse,
    tolerates=nothing,
    sql=SQL,
)
