"""What the database holds, in one reading, in the shape of the model's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from runtime.sql import Queries
from simulator.codec import Cid, decode
from tests.oracle.model import Key, Tables
from tests.oracle.plyr import Found, Row

SQL = Queries.beside(__file__)
KEYS: Final = {
    "plyr_track": ("did", "rkey"),
    "tag_track": ("did", "rkey", "tag"),
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
    "track_recent": ("subject",),
    "actor_name": ("did",),
    "search_document": ("kind", "did", "key"),
    "search_word": ("word",),
    "chart_window": ("days",),
    "played": ("kind", "key"),
    "played_word": ("word",),
    "played_total": ("kind", "key"),
    "played_recent": ("kind", "key"),
    "played_name": ("kind", "key", "name", "credit"),
    "played_by": ("artist", "kind", "item"),
    "played_on": ("release", "recording"),
    "listening": ("did", "kind", "key"),
    "listener": ("did",),
}
# Tables that are nothing but sources, and tables of state that no record decides; and why none of them is in KEYS.
SOURCES: Final = frozenset({"account", "identity", "repo", "record", "visibility"})
EXEMPT: Final = {
    "buffered_event": "a queue: nothing may wait in it in the end, which `accounts` tells",
    "dead_letter": "a log of what was refused",
    "discovery_cursor": "how far hosts have been listed",
    "instance": "the name of this installation, chosen once",
    "migration": "the migrations that were applied",
    "repo_total": "its sum is compared with the repos themselves",
    "reindex_change": "a queue that is empty but during a reindex",
    "reindex_verdict": "holds something during a reindex alone",
    "source_cursor": "how far a stream has been read; comparing waits for its end",
    "stream_gap": "what was missed; comparing waits until all are healed",
}
# Columns by which the database itself finds rows, and one that is compared by what it holds.
UNCOMPARED: Final = ("account_id", "id", "words")


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A row of `record`: the record as the model reads it, its bytes, and whether it is marked as unfit to show."""

    found: Found
    block: bytes
    invalid: str | None
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """`at`: when; `accounts` by DID; `synced`: how many repos are said to be."""

    at: datetime
    synced: int
    accounts: dict[str, Row]
    records: list[StoredRecord]
    tables: Tables


async def observe(connection: asyncpg.Connection[asyncpg.Record]) -> Observed:
    """All of it, as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return Observed(
            at=await connection.fetchval(SQL["at"]),
            synced=await connection.fetchval(SQL["synced"]),
            accounts={row["did"]: dict(row) for row in await connection.fetch(SQL["accounts"])},
            records=[_stored(row) for row in await connection.fetch(SQL["records"])],
            tables={name: await _table(connection, name, keys) for name, keys in KEYS.items()},
        )


async def _table(connection: asyncpg.Connection[asyncpg.Record], name: str, keys: tuple[str, ...]) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for found in await connection.fetch(SQL[name]):
        row: dict[str, Any] = dict(found)
        for name_of_row in UNCOMPARED:
            row.pop(name_of_row, None)
        key = tuple(row.pop(part) for part in keys)
        if "record" in row:
            row["record"] = json.loads(row["record"])
        if "said" in row:
            row["said"] = json.loads(row["said"] if name == "album" else f"{{{row['said']}}}")
        rows[key] = row
    return rows


def _stored(row: asyncpg.Record) -> StoredRecord:
    cid = str(Cid(row["cid"]))
    value = decode(row["value"])
    found = Found(row["did"], row["collection"], row["rkey"], cid, value, row["indexed_at"], row["rev"])
    return StoredRecord(found, row["value"], row["invalid"], row["unsigned"])
