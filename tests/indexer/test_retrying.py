"""Trying again what was set aside."""

from __future__ import annotations

from collections import Counter

import pytest

from indexer import projections
from indexer.deadletters import Which
from indexer.reading import RecordReader
from indexer.retrying import Outcome, Retrier
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS

from .repos import Repo, encode, record
from .world import World, started

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"
ALL = Which(None, None)


async def retried(pool: Pool, which: Which = ALL, *, record_max_bytes: int = 1_048_576) -> Counter[Outcome]:
    return await Retrier(pool, RecordReader(RECORD_COLLECTIONS, "fm.plyr"), record_max_bytes).run(which)


async def left(pool: Pool) -> list[str]:
    return [row["path"] for row in await pool.fetch("SELECT path FROM dead_letter ORDER BY path")]


async def refused(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Repo]:
    """Two tracks, of which the one called `bad` could not be projected."""
    repo = Repo()
    world = await started(pool, repo)
    write = projections.write

    async def moody(connection, puts, drops):
        if any(row.value.get("title") == "bad" for row in puts):
            raise LookupError("bad")
        await write(connection, puts, drops)

    with monkeypatch.context() as patch:
        patch.setattr(projections, "write", moody)
        world.commit(repo.write((A, record(title="bad")), (B, record())))
        await world.write()
    assert await left(pool) == [A]
    return world, repo


async def test_what_can_be_projected_now_is(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await refused(pool, monkeypatch)
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 1
    assert await retried(pool) == {"applied": 1}
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 2
    assert await pool.fetchval("SELECT count(*) FROM record WHERE invalid IS NOT NULL") == 0
    assert await left(pool) == []


async def test_what_can_still_not_be_projected_is_kept(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await refused(pool, monkeypatch)

    async def never(connection, puts, drops):
        del connection, drops
        if puts:
            raise LookupError("never")

    monkeypatch.setattr(projections, "write", never)
    assert await retried(pool) == {"kept": 1}
    assert await left(pool) == [A]
    assert await pool.fetchval("SELECT count(*) FROM record WHERE invalid IS NOT NULL") == 1


async def test_what_was_written_anew_or_deleted_since_is_settled(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    world, repo = await refused(pool, monkeypatch)
    world.commit(repo.write((A, record(title="good"))))
    await world.write()
    assert await retried(pool) == {"settled": 1}
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 2
    world.commit(repo.write((B, encode(["a list"]))))
    world.commit(repo.write((B, None)))
    await world.write()
    await pool.execute(
        "INSERT INTO dead_letter (did, path, source, reason, detail, payload)"
        " VALUES ($1, $2, '', 'not_projected', '', '')",
        repo.did,
        B,
    )
    assert await retried(pool) == {"settled": 1}
    assert await left(pool) == []


async def test_what_cannot_be_read_is_kept(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, encode({"title": 1.5}))))
    await world.write()
    assert await retried(pool) == {"kept": 1}


async def test_the_repo_of_a_record_that_was_too_large_is_fetched_when_it_would_fit(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, record_max_bytes=2_000)
    world.commit(repo.write((A, record(filler="x" * 3_000))))
    await world.write()
    assert await retried(pool, record_max_bytes=2_000) == {"kept": 1}
    assert await pool.fetchval("SELECT state FROM repo") == "synced"
    assert await retried(pool, record_max_bytes=4_000) == {"fetched": 1}
    assert await pool.fetchval("SELECT state FROM repo") == "desynchronized"
    assert await left(pool) == []
    assert await world.records() == {}, "the beginning that was kept is not taken for the record"


@pytest.mark.parametrize(("state", "outcome"), [("error", "fetched"), ("syncing", "kept"), ("inactive", "kept")])
async def test_a_repo_that_is_not_synced_is_left_as_it_is(pool: Pool, state: str, outcome: Outcome) -> None:
    repo = Repo()
    world = await started(pool, repo, record_max_bytes=2_000)
    world.commit(repo.write((A, record(filler="x" * 3_000))))
    await world.write()
    await pool.execute("UPDATE repo SET state = $1", state)
    assert await retried(pool) == {outcome: 1}
    assert await pool.fetchval("SELECT state FROM repo") == state


async def test_only_what_is_named_is_tried(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    _, repo = await refused(pool, monkeypatch)
    assert await retried(pool, Which("record_too_large", None)) == {}
    assert await retried(pool, Which(None, "did:plc:somebodyelse")) == {}
    assert await retried(pool, Which("not_projected", repo.did)) == {"applied": 1}


async def test_letters_of_many_pages_are_tried_once_each(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    paths = [f"fm.plyr.track/3kaaaaaaaa{a}{b}a" for a in "234567" for b in "abcdefgh"]
    world.commit(repo.write(*((path, encode([1.5])) for path in paths)))
    await world.write()
    assert await retried(pool) == {"kept": len(paths)}
