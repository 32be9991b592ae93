"""What the database holds, in one reading, in the shape of the model's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from runtime.sql import Queries
from simulator.codec import Cid, decode
from tests.oracle.model import Key, Tables
from tests.oracle.plyr import Found, Row

SQL = Queries.beside(__file__)
KEYS: Final = {
    "plyr_track": ("did", "rkey"),
    "plyr_track_tag": ("did", "rkey", "tag"),
    "plyr_like": ("did", "rkey"),
    "plyr_comment": ("did", "rkey"),
    "plyr_list": ("did", "rkey"),
    "plyr_list_item": ("did", "rkey", "place"),
    "album": ("did", "by_list", "album"),
    "album_track": ("did", "rkey", "by_list", "album"),
    "plyr_profile": ("did",),
    "bsky_profile": ("did",),
    "teal_profile": ("did", "alpha"),
    "teal_play": ("did", "rkey", "alpha"),
    "teal_status": ("did", "alpha"),
    "subject_count": ("subject",),
    "actor_count": ("did",),
    "tag_count": ("tag",),
    "totals": (),
    "record_link": ("link", "did", "collection", "rkey"),
    "link_count": ("link",),
    "ranked_track": ("did", "rkey"),
    "track_play": ("did", "rkey", "alpha"),
    "track_listener": ("owner", "did"),
    "heard_actor": ("did",),
    "heard_tag": ("tag",),
    "heard_total": (),
    "subject_day": ("subject", "day"),
    "actor_day": ("did", "day"),
    "total_day": ("day",),
    "heard_day": ("subject", "day"),
    "listener_day": ("did", "day"),
    "heard_total_day": ("day",),
}


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A row of `record`: the record as the model reads it, its bytes, and whether it is marked as unfit to show."""

    found: Found
    block: bytes
    invalid: str | None
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """`accounts` by DID."""

    accounts: dict[str, Row]
    records: list[StoredRecord]
    tables: Tables


async def observe(connection: asyncpg.Connection[asyncpg.Record]) -> Observed:
    """All of it, as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return Observed(
            accounts={row["did"]: dict(row) for row in await connection.fetch(SQL["accounts"])},
            records=[_stored(row) for row in await connection.fetch(SQL["records"])],
            tables={name: await _table(connection, name, keys) for name, keys in KEYS.items()},
        )


async def _table(connection: asyncpg.Connection[asyncpg.Record], name: str, keys: tuple[str, ...]) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for found in await connection.fetch(SQL[name]):
        row: dict[str, Any] = dict(found)
        row.pop("account_id", None)
        key = tuple(row.pop(part) for part in keys)
        if "record" in row:
            row["record"] = json.loads(row["record"])
        rows[key] = row
    return rows


def _stored(row: asyncpg.Record) -> StoredRecord:
    cid = str(Cid(row["cid"]))
    value = decode(row["value"])
    found = Found(row["did"], row["collection"], row["rkey"], cid, value, row["indexed_at"], row["rev"])
    return StoredRecord(found, row["value"], row["invalid"], row["unsigned"])
