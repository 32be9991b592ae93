"""Records of every kind to rows, and what cannot be stored."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import asyncpg
import pytest

from indexer import projections
from indexer.apply import LARGE, Applied
from indexer.reading import Reading, RecordReader
from indexer.stages import RecordChange, RecordPath, UnsignedCommit
from protocol.cbor import Cid
from protocol.syntax import Did, Nsid, RecordKey, Tid
from runtime.db import Pool

from .repos import Repo, encode, record, track
from .world import held_by, started

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"


async def letters(pool: Pool) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT did, path, reason, detail, payload, source, seq FROM dead_letter ORDER BY id")


async def invalid(pool: Pool) -> dict[str, str | None]:
    rows = await pool.fetch("SELECT collection || '/' || rkey AS path, invalid FROM record")
    return {row["path"]: row["invalid"] for row in rows}


async def test_a_record_with_a_nul_is_kept_exactly(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record(title="a\x00b", description="\x00"))))
    await world.write()
    assert await pool.fetchval("SELECT value FROM record") == repo.values[repo.records[A]]
    assert await invalid(pool) == {A: None}


async def test_a_record_of_950_kilobytes_is_kept(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record(filler="x" * 950_000))))
    await world.write()
    assert await world.records() == held_by(repo)
    assert await letters(pool) == []


async def test_a_large_record_is_read_beside_the_event_loop_and_a_small_one_on_it(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: dict[str, bool] = {}
    read = RecordReader.read

    def noted(reader: RecordReader, collection: str, rkey: str, raw: bytes) -> Reading:
        here[rkey] = threading.current_thread() is threading.main_thread()
        return read(reader, collection, rkey, raw)

    monkeypatch.setattr(RecordReader, "read", noted)
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record(filler="x" * LARGE)), (B, record())))
    await world.write()
    assert here == {A.split("/")[1]: False, B.split("/")[1]: True}
    assert await world.records() == held_by(repo)


async def test_odd_record_keys_are_kept(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    path = "fm.plyr.track/my:weird_key-1.~"
    world.commit(repo.write((path, record())))
    await world.write()
    assert await world.records() == held_by(repo)


async def test_an_invalid_record_is_kept_with_its_reason_and_takes_the_place_of_the_valid_one(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record()), (B, record())))
    await world.write()
    assert await invalid(pool) == {A: None, B: None}
    broken = record()
    del broken["title"]
    world.commit(repo.write((A, broken)))
    await world.write()
    reasons = await invalid(pool)
    assert reasons[B] is None
    assert reasons[A] is not None
    assert "title" in reasons[A]
    assert await world.records() == held_by(repo)


async def test_a_record_that_is_not_of_the_data_model_is_kept_marked_and_set_aside(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    bad = {A: encode({"$type": "fm.plyr.track", "title": 1.5}), B: encode(["a list"])}
    world.commit(repo.write(*bad.items()))
    await world.write()
    assert all(reason and reason.startswith("not of the data model") for reason in (await invalid(pool)).values())
    found = {row["path"]: row for row in await letters(pool)}
    assert {path: row["payload"] for path, row in found.items()} == bad
    assert {(row["reason"], row["did"], row["seq"]) for row in found.values()} == {
        ("record_undecodable", repo.did, world.seq)
    }
    world.commit(repo.write((A, record())))
    await world.write()
    assert (await invalid(pool))[A] is None


async def test_a_record_larger_than_the_limit_is_set_aside_and_the_older_version_goes(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, record_max_bytes=2_000)
    world.commit(repo.write((A, record()), (B, record())))
    large = encode(record(filler="x" * 3_000))
    world.commit(repo.write((A, large)))
    await world.write()
    assert set(await world.records()) == {B}
    (letter,) = await letters(pool)
    assert (letter["reason"], letter["payload"]) == ("record_too_large", large[:2_001])
    assert letter["detail"] == f"{len(large)} bytes, of which 2001 are kept"
    assert (await world.repo(repo))["state"] == "synced"


async def test_a_record_key_beyond_the_syntax_is_set_aside(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    path, large = "fm.plyr.track/" + "k" * 600, encode(record(filler="x" * 1_100_000))
    world.commit(repo.write((path, large), (A, record())))
    await world.write()
    assert set(await world.records()) == {A}
    (letter,) = await letters(pool)
    assert (letter["reason"], letter["path"]) == ("record_key_invalid", path)
    assert letter["payload"] == large[:1_048_577]


async def test_of_one_path_the_newest_letter_is_kept_and_of_all_a_bounded_number(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    for n in range(3):
        world.commit(repo.write((A, encode([n]))))
        await world.write()
    assert [row["payload"] for row in await letters(pool)] == [encode([2])]
    world.commit(repo.write(*((track(n), encode([n])) for n in range(150))))
    await world.write()
    assert len(await letters(pool)) == 100


@pytest.mark.parametrize("fault", [asyncpg.DataError("no"), ValueError("no"), OverflowError("no"), KeyError("no")])
async def test_a_record_that_its_projection_fails_on_does_not_stop_the_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    repo = Repo()
    world = await started(pool, repo)
    seen: list[str] = []

    async def failing(connection, puts, drops):
        if any(row.value.get("title") == "poison" for row in puts):
            raise fault
        seen.extend(row.key.rkey for row in puts)

    monkeypatch.setattr(projections, "write", failing)
    paths = [track(n) for n in range(9)]
    world.commit(repo.write(*((path, record(title="poison" if n == 4 else "fine")) for n, path in enumerate(paths))))
    await world.write()
    assert sorted(seen) == sorted(path.split("/")[1] for n, path in enumerate(paths) if n != 4)
    reasons = await invalid(pool)
    assert {path for path, reason in reasons.items() if reason} == {paths[4]}
    assert [(row["reason"], row["path"]) for row in await letters(pool)] == [("not_projected", paths[4])]
    assert await world.cursor() == world.seq


async def test_a_failure_that_no_record_causes_is_not_taken_for_one(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo()
    world = await started(pool, repo)

    async def failing(connection, puts, drops):
        raise asyncpg.DiskFullError("no space left")

    monkeypatch.setattr(projections, "write", failing)
    world.commit(repo.write((A, record())))
    with pytest.raises(asyncpg.DiskFullError):
        await world.write()
    assert await world.records() == {}
    assert await world.cursor() == 0


async def test_a_staging_namespace_is_indexed_under_the_production_names_and_production_is_not(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, namespace="fm.plyr.stg")
    staged = "fm.plyr.stg.track/3kaaaaaaaaa2a"
    world.commit(repo.write((staged, record("fm.plyr.stg.track")), (B, record())))
    await world.write()
    assert await world.records() == {A: held_by(repo)[staged]}
    assert await invalid(pool) == {A: None}


async def test_what_comes_unsigned_is_marked_and_moves_no_head(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    before = await world.repo(repo)
    block = encode(record())
    change = RecordChange(RecordPath(Nsid("fm.plyr.track"), RecordKey("3kaaaaaaaaa2a")), Cid.of_block(block), block)
    commit = UnsignedCommit(Did(repo.did), Tid(repo.next_rev()), (change,))
    async with pool.acquire() as connection, connection.transaction():
        await world.rules.applier.write(
            connection, [Applied(before["account_id"], commit, "wss://other.test", 5)], datetime.now(UTC)
        )
    assert await pool.fetchval("SELECT unsigned FROM record")
    assert (await world.repo(repo))["rev"] == before["rev"]
