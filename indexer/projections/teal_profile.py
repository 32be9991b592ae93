"""Teal's profile, stable and alpha, a row for each; the read side shows the stable one where there are both.

records.md, "Profiles".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast

from indexer.projections import fields, music
from indexer.projections.base import Key, Projection
from indexer.projections.tolerances import odd_mbid
from indexer.stages import RecordKeyRow, RecordRow
from runtime.sql import Queries

SQL = Queries.beside(__file__)
STABLE = "fm.teal.actor.profile"
ALPHA = "fm.teal.alpha.actor.profile"


class TealProfile(NamedTuple):
    """A row; `facets` (of the description) is JSON."""

    account_id: int
    created_at: datetime | None
    indexed_at: datetime
    alpha: bool
    display_name: str | None
    description: str | None
    avatar_cid: str | None
    banner_cid: str | None
    facets: str | None
    featured_mbid: str | None
    featured_type: str | None


def parse(row: RecordRow) -> TealProfile:
    value = row.value
    avatar, banner = fields.blob(value.get("avatar")), fields.blob(value.get("banner"))
    facets = fields.objects(value.get("descriptionFacets"))
    given: Any = value.get("featuredItem")
    featured: dict[str, Any] = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    mbid = music.mbid(featured.get("mbid"))
    return TealProfile(
        account_id=row.key.account_id,
        created_at=fields.moment(value.get("createdAt")),
        indexed_at=row.indexed_at,
        alpha=row.key.collection == ALPHA,
        display_name=fields.name(value.get("displayName")),
        description=fields.text(value.get("description")),
        avatar_cid=avatar and avatar.cid,
        banner_cid=banner and banner.cid,
        facets=fields.storable_json(facets) if facets else None,
        featured_mbid=mbid,
        featured_type=fields.text(featured.get("type")) if mbid else None,
    )


def key(record: RecordKeyRow) -> Key:
    return record.account_id, record.rkey, record.collection == ALPHA


PROJECTION = Projection(
    collections=(STABLE, ALPHA),
    table="teal_profile",
    columns=TealProfile._fields,
    key=key,
    parse=parse,
    tolerates=odd_mbid,
    sql=SQL,
)
