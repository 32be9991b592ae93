"""`reindex` as an operator runs it: to its end, or killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import orjson

from runtime.db import Pool
from tests.house.tree import ROOT
from tests.indexer.aggregates.recount import everything
from tests.indexer.network import eventually
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row, tid

TRACKS = 1_500


async def start(database_url: str, *arguments: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli", "reindex", *arguments),
        cwd=ROOT,
        env=environment | {"PLYR_DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def filled(pool: Pool) -> dict[str, Any]:
    book = await Book.open(pool)
    moments = [tid(records.NOW, number) for number in range(TRACKS // 3)]
    for account_id in (1, 2, 3):
        await book.write([row(records.TRACK, records.track(), account_id=account_id, rkey=rkey) for rkey in moments])
    await pool.execute("DELETE FROM plyr_track WHERE account_id = 1")
    return await everything(pool)


async def test_it_says_what_it_did(pool: Pool, database_url: str) -> None:
    await filled(pool)
    process = await start(database_url, "--json")
    out, err = await process.communicate()
    assert process.returncode == 0, err
    summary = orjson.loads(out)
    assert (summary["records"], summary["total"], summary["attempts"]) == (TRACKS, TRACKS, 1)
    assert await pool.fetchval("SELECT count(*) FROM visible_track") == TRACKS


async def test_killed_on_the_way_it_changes_nothing_and_the_next_one_finishes(pool: Pool, database_url: str) -> None:
    before = await filled(pool)

    async def begun() -> bool:
        return await pool.fetchval("SELECT to_regclass('reindex.plyr_track') IS NOT NULL")

    for number in (signal.SIGTERM, signal.SIGKILL):
        process = await start(database_url, "--reindex-chunk", "1")
        await eventually(begun, "new tables are being filled", 20.0)
        process.send_signal(number)
        _, err = await process.communicate()
        assert process.returncode in (-signal.SIGKILL, 130), err
        assert b"Traceback" not in err
        assert await everything(pool) == before
    process = await start(database_url)
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert f"{TRACKS:,} records made anew" in out.decode()
    assert await pool.fetchval("SELECT count(*) FROM visible_track") == TRACKS


async def test_a_namespace_that_is_not_the_databases_is_refused(pool: Pool, database_url: str) -> None:
    await pool.execute("INSERT INTO instance (namespace) VALUES ('fm.plyr.stg')")
    process = await start(database_url)
    _, err = await process.communicate()
    assert process.returncode == 2
    assert err.decode().startswith("plyr-appview: this database holds fm.plyr.stg")
