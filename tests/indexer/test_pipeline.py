"""Live events to rows: order, exactness, batches with the cursor, and our own failures."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from indexer import metrics
from indexer.inbox import Position
from indexer.pipeline import DatabaseWentBack, Pipeline
from runtime.db import Pool

from .repos import Repo, record, track
from .world import POST, World, another, held_by, started

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"


def just_now(body: dict[str, Any]) -> dict[str, Any]:
    """The event as one of this moment."""
    return body | {"time": datetime.now(UTC).isoformat()}


async def test_commits_of_a_synced_repo_become_records_with_the_cursor(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())), repo.write((B, record(title="b")), (A, record(title="new"))))
    await world.write()
    assert await world.records() == held_by(repo)
    assert (await world.repo(repo))["rev"] == repo.rev
    assert (await world.repo(repo))["data"] == repo.data
    assert await world.cursor() == world.seq


async def test_the_exact_bytes_of_a_record_are_kept(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record(extra={"z": 1, "bytes": b"\x01\x02", "big": 2**60}))))
    await world.write()
    assert await pool.fetchval("SELECT value FROM record") == repo.values[repo.records[A]]


async def test_an_edit_keeps_the_time_at_which_the_record_was_first_indexed(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())))
    await world.write()
    first = await pool.fetchrow("SELECT indexed_at, rev FROM record")
    world.commit(repo.write((A, record(title="new"))))
    await world.write()
    second = await pool.fetchrow("SELECT indexed_at, rev FROM record")
    assert first["indexed_at"] == second["indexed_at"]
    assert second["rev"] == repo.rev > first["rev"]


async def test_create_edit_and_delete_in_one_batch_leave_the_last_state(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())), repo.write((A, record(title="new")), (B, record())), repo.write((A, None)))
    await world.write()
    assert set(await world.records()) == {B}


async def test_a_commit_that_creates_and_deletes_one_path_leaves_nothing(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    body = repo.write((A, record()), (A, None))
    del body["ops"][1]["prev"]
    world.commit(body)
    await world.write()
    assert await world.records() == {}
    assert (await world.repo(repo))["rev"] == repo.rev


async def test_a_commit_without_indexed_records_moves_the_head_of_a_tracked_repo(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((POST, None)), repo.write((A, record())))
    await world.write()
    assert set(await world.records()) == {A}
    assert (await world.repo(repo))["state"] == "synced"


async def test_a_replay_changes_nothing(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    create, delete = repo.write((A, record())), repo.write((A, None))
    world.commit(create, delete, create, delete, create)
    await world.write()
    world.commit(create)
    await world.write()
    assert await world.records() == {}
    assert (await world.repo(repo))["state"] == "synced"
    assert (await world.repo(repo))["last_error"] is None


async def test_the_cursor_moves_while_nothing_is_ours(pool: Pool) -> None:
    world = await World.make(pool)
    world.inbox.passed(world.inbox.position._replace(seq=4_000))
    await world.pipeline.write_batch()
    assert await world.cursor() == 4_000


async def test_a_database_that_lost_what_it_confirmed_ends_the_process(pool: Pool) -> None:
    """A cursor that only another source, or a host that counts anew, has set back is none of that."""
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())), repo.write((B, record())))
    await world.write()
    source = world.inbox.source
    assert source is not None
    await pool.execute("UPDATE source_cursor SET seq = 1")
    world.commit(repo.write((A, None)))
    with pytest.raises(DatabaseWentBack, match="up to 2"):
        await world.pipeline.write_batch()
    assert set(await world.records()) == {A, B}
    assert await world.cursor() == 1
    await pool.execute("UPDATE source_cursor SET seq = 2")
    await world.write()
    assert (set(await world.records()), await world.cursor()) == ({B}, 3)
    await world.inbox.attach(source, Position(0, None))
    await pool.execute("UPDATE source_cursor SET seq = 0")
    world.inbox.passed(Position(1, None))
    await world.pipeline.write_batch()
    assert await world.cursor() == 1


async def test_a_batch_is_bounded_and_the_cursor_covers_what_is_written(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, events=2)
    world.commit(*(repo.write((A, record(title=str(n)))) for n in range(5)))
    await world.pipeline.write_batch()
    assert await world.cursor() == 2
    assert len(world.inbox) == 3
    await world.write()
    assert await world.cursor() == 5


async def test_a_batch_that_takes_too_long_is_cut_short_and_so_is_its_cursor(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, judging=0.0)
    world.commit(*(repo.write((A, record(title=str(n)))) for n in range(3)))
    await world.pipeline.write_batch()
    assert await world.cursor() == 1
    assert len(world.inbox) == 2


@pytest.mark.parametrize(("late", "transactions"), [(True, 1), (False, 2)])
async def test_far_behind_the_stream_a_batch_is_let_fill(pool: Pool, late: bool, transactions: int) -> None:
    repo = Repo()
    world = await started(pool, repo)
    stop = asyncio.Event()
    running = asyncio.create_task(world.pipeline.run(stop))
    first, second = repo.write((A, record())), repo.write((B, record()))
    world.commit(first if late else just_now(first))
    if late:
        await asyncio.sleep(0.2)
    else:
        await world.until_written()
    for _ in range(499):
        world.commit(second if late else just_now(second))
    await world.until_written()
    stop.set()
    await running
    assert await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM record") == transactions


async def test_a_failure_of_the_database_stops_the_pipeline_and_moves_nothing(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("ALTER TABLE record RENAME TO gone")
    world.commit(repo.write((A, record())))
    with pytest.raises(asyncpg.UndefinedTableError):
        await world.pipeline.run(asyncio.Event())
    assert await world.cursor() == 0
    assert len(world.inbox) == 1


async def test_a_lost_connection_is_tried_again(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())))
    write, faults = Pipeline._write, [ConnectionResetError(), asyncpg.ConnectionDoesNotExistError()]

    async def failing(self, batch):
        result = await write(self, batch)
        if faults:
            raise faults.pop()
        return result

    monkeypatch.setattr(Pipeline, "_write", failing)
    await world.write()
    assert faults == []
    assert set(await world.records()) == {A}
    assert (await world.repo(repo))["state"] == "synced"


async def test_while_the_database_is_slow_the_lag_grows_and_shows(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    age = timedelta(seconds=100)
    world.commit(repo.write((A, record())) | {"time": (datetime.now(UTC) - age).isoformat()})
    await world.write()
    world.commit(repo.write((A, None)))
    metrics.LAG.set(0)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE repo")
        writing = asyncio.create_task(world.write())
        await asyncio.sleep(0.05)
        world.pipeline.show()
        assert REGISTRY.get_sample_value("plyr_indexer_lag_seconds") >= 100
        assert REGISTRY.get_sample_value("plyr_indexer_queue_frames") == 1
    await writing


async def test_stopping_at_any_moment_loses_nothing_and_doubles_nothing(pool: Pool) -> None:
    repos = [another(letter) for letter in "bcde"]
    chance = random.Random(7)
    events: list[tuple[int, dict]] = []
    world = await World.make(pool)
    for repo in repos:
        repo.write((POST, record()))
        await world.settle(repo)
    for _ in range(60):
        repo = chance.choice(repos)
        path = track(chance.randrange(5))
        value = None if path in repo.records and chance.random() < 0.4 else record(title=str(chance.random()))
        events.append((len(events) + 1, repo.write((path, value))))
    deaths = 0
    while (cursor := await world.cursor()) < len(events):
        world = await World.make(pool, events=7)
        world.seq = cursor
        for seq, body in events:
            if seq > cursor:
                world.commit(just_now(body))
        running = asyncio.create_task(world.pipeline.run(asyncio.Event()))
        await asyncio.sleep(chance.random() * 0.01 * (2 + deaths))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        deaths += 1
    assert deaths > 3
    rows = await pool.fetch(
        "SELECT did, collection || '/' || rkey AS path, cid FROM record JOIN account a ON a.id = account_id"
    )
    assert {(row["did"], row["path"]): row["cid"] for row in rows} == {
        (repo.did, path): bytes(cid) for repo in repos for path, cid in repo.records.items() if path != POST
    }
    assert await world.held() == 0
