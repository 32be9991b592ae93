"""A simulated network with a Jetstream, the indexer on it, and what its database says of unsigned changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from protocol.syntax import Did, Tid
from runtime.db import Pool
from runtime.settings import Settings
from simulator import Network, World
from simulator.codec import Cid, Value, encode, to_json
from simulator.jetstream import Jetstream

from .test_service import PATIENCE, settings

NEVER = 100_000.0
SOON = 0.3


def unsigned_settings(network: Network, database_url: str, folder: Path, **options: Any) -> Settings:
    """The relay's address leads nowhere: nothing but the Jetstream tells of anything."""
    given: dict[str, Any] = {"confirm_interval": NEVER, "confirm_rate": 100.0, "discovery_interval": 100.0}
    given |= {"sample_rate": 1 / NEVER} | options
    configured = settings(network, database_url, folder, jetstream_urls=network.jetstream_url, **given)
    return configured.model_copy(update={"relay_urls": ("ws://127.0.0.1:9",)})


def lie(
    jetstream: Jetstream, world: World, did: Did, path: str, value: Value, *, rev: Tid | None = None, **fields: Any
) -> None:
    """Tell of a record that the account never wrote; None: of a deletion."""
    collection, _, rkey = path.partition("/")
    micros = world.now()
    told: dict[str, Any] = {"rev": rev or Tid.from_micros(micros, 0), "collection": collection, "rkey": rkey}
    if value is None:
        told["operation"] = "delete"
    else:
        told |= {"operation": "update", "record": to_json(value), "cid": str(Cid.of_block(encode(value)))}
    jetstream.tell("commit", did, told | fields, micros)


async def until(pool: Pool, query: str, *arguments: Any) -> None:
    """Wait until a query gives true."""
    async with asyncio.timeout(PATIENCE):
        while not await pool.fetchval(query, *arguments):  # noqa: ASYNC110 - rows of another task have no event
            await asyncio.sleep(0.02)


ALL_CONFIRMED = """
SELECT NOT EXISTS (SELECT FROM record WHERE unsigned)
AND NOT EXISTS (SELECT FROM repo WHERE unsigned_rev IS NOT NULL OR unsigned_since IS NOT NULL OR state <> 'synced')
"""
