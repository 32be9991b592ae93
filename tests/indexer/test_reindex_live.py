"""Reindexing while the whole indexer lives through acts and faults: the model is met all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from indexer.reading import RecordReader
from indexer.reindex import Patience, Progress, Reindex
from runtime import db
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS
from tests.indexer.aggregates.recount import everything
from tests.indexer.repos import Repo, encode, record
from tests.indexer.world import another, started
from tests.oracle.harness import run_seed


async def reindex_once(database_url: str) -> Progress:
    pool = await db.writer_pool(database_url, size=1, connect_timeout=10.0)
    try:
        reader, patience = RecordReader(RECORD_COLLECTIONS, "fm.plyr"), Patience(5.0, 0.3, 60.0)
        return await Reindex(reader, 50, patience, lambda _: None).run(pool)
    finally:
        await pool.close()


@pytest.mark.parametrize("seed", [11, 12])
async def test_an_index_that_is_made_anew_all_the_time_equals_the_model(
    seed: int, database_url: str, pool: Pool, tmp_path: Path
) -> None:
    done: list[Progress] = []

    async def again_and_again() -> None:
        while True:
            done.append(await reindex_once(database_url))

    reindexing = asyncio.create_task(again_and_again())
    try:
        report = await run_seed(seed, database_url, tmp_path)
    finally:
        reindexing.cancel()
        found = await asyncio.gather(reindexing, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError), found
    if report.differences:
        pytest.fail(str(report), pytrace=False)
    assert done
    before = await everything(pool)
    assert (await reindex_once(database_url)).revalidated == 0
    assert await everything(pool) == before


async def test_of_what_the_pipeline_made_of_odd_records_and_fates_nothing_changes(
    pool: Pool, database_url: str
) -> None:
    repo, hidden, gone = Repo(), another("h"), another("g")
    world = await started(pool, repo, record_max_bytes=20_000)
    for each in (hidden, gone):
        each.write(("app.bsky.feed.post/3kaaaaaaaaa2c", record()))
        await world.settle(each)
    tracks = [f"fm.plyr.track/3kaaaaaaaaa2{letter}" for letter in "abcdefg"]
    values = (
        *(record(title="a\x00b", description="\x00 #tag"), encode(["a list"]), record(filler="x" * 30_000)),
        *(record(title=None), record(duration=2**60), record(title="\u202e" * 9), record()),
    )
    for each in (repo, hidden, gone):
        world.commit(each.write(*zip(tracks, values, strict=True)))
        subject = {
            "uri": f"at://{repo.did}/{tracks[0]}",
            "cid": "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm",
        }
        like = {"$type": "fm.plyr.like", "subject": subject, "createdAt": "2026-04-01T00:00:00Z"}
        world.commit(each.write(("fm.plyr.like/my:weird_key-1.~", like)))
    await world.write()
    world.account(hidden.did, active=False, status="takendown")
    world.account(gone.did, active=False, status="deleted")
    await world.write()
    letters = await pool.fetch("SELECT * FROM dead_letter ORDER BY id")
    raw = await pool.fetch("SELECT * FROM record ORDER BY account_id, collection, rkey")
    before = await everything(pool)
    assert letters
    assert {row["account_id"] for row in raw if row["invalid"]}
    assert await pool.fetchval("SELECT count(*) FROM visibility") == 2
    progress = await reindex_once(database_url)
    assert (progress.records, progress.revalidated, progress.not_projected) == (len(raw), 0, 0)
    assert await everything(pool) == before
    assert await pool.fetch("SELECT * FROM dead_letter ORDER BY id") == letters
    assert await pool.fetch("SELECT * FROM record ORDER BY account_id, collection, rkey") == raw
