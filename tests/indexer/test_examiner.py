"""The processes that compare repos: they answer alike, end with their parent, and their death is survived."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from indexer.examiner import Examined, Examiner, ExaminerDied, Spool
from indexer.namespaces import wire_names
from indexer.repo_diff import PORTION_RECORDS, Difference, Question, compare
from indexer.stages import RecordPath
from indexer.verify import Rejected, VerifyLimits
from protocol.car import read_car
from protocol.mst import TreeLimits
from protocol.syntax import Did
from runtime.db import Pool
from tests.indexer.repos import Repo, encode, record

LIMITS = VerifyLimits(
    collections=wire_names(["fm.plyr.track"], "fm.plyr"),
    max_blocks=100_000,
    max_bytes=100_000_000,
    max_ops=1,
    tree=TreeLimits(64, 100_000, 100_000),
    future=timedelta(minutes=5),
)


def filled(count: int) -> Repo:
    repo = Repo()
    repo.write(*((f"fm.plyr.track/3aaaaaaa{number:05}", record(title=str(number))) for number in range(count)))
    return repo


def question(repo: Repo, **changes: Any) -> Question:
    fields = {
        "did": Did(repo.did),
        "key": repo.key.public.did_key(),
        "head": None,
        "known": None,
        "limits": LIMITS,
        "record_max_bytes": 1_000_000,
        "now": datetime.now(UTC),
    }
    return Question(**(fields | changes))


def spooled(examiner: Examiner, body: bytes) -> Spool:
    spool = examiner.spool()
    for start in range(0, len(body), 10_000):
        spool.write(body[start : start + 10_000])
    return spool


async def examined(examiner: Examiner, pool: Pool, asked: Question, spool: Spool) -> Any:
    """Head and commits, or the rejection."""
    with spool:
        async with examiner.examine(pool, 1, asked, spool) as found:
            if isinstance(found, Rejected):
                return found
            assert isinstance(found, Examined)
            return found.head, [commit async for commit in found.commits]


@pytest.mark.parametrize("count", [3, 600])
async def test_a_repo_is_compared_alike_here_and_in_another_process(tmp_path: Path, pool: Pool, count: int) -> None:
    repo = filled(count)
    await pool.execute("INSERT INTO account (did) VALUES ('did:plc:x')")
    stored = {
        "3aaaaaaa00000": repo.records["fm.plyr.track/3aaaaaaa00000"],
        "3aaaaaaa00001": b"old",
        "3zzzzzzzzzzzz": b"gone",
    }
    for rkey, cid in stored.items():
        await pool.execute(
            "INSERT INTO record (account_id, collection, rkey, cid, rev, indexed_at, value)"
            " VALUES (1, 'fm.plyr.track', $1, $2, '', now(), '')",
            rkey,
            bytes(cid),
        )
    car = read_car(repo.export(), max_blocks=100_000, max_bytes=100_000_000)
    wanted = compare(question(repo), car, {RecordPath("fm.plyr.track", rkey): cid for rkey, cid in stored.items()})
    async with Examiner(tmp_path, 1) as examiner:
        spool = spooled(examiner, repo.export())
        assert spool.is_small is (count == 3)
        head, commits = await examined(examiner, pool, question(repo), spool)
    assert isinstance(wanted, Difference)
    assert (head, commits) == (wanted.head, list(wanted.commits))
    changes = [change for commit in commits for change in commit.changes]
    assert len(changes) == count - 1 + 1
    assert [change[:3] for change in changes if change.value is None] == [
        (("fm.plyr.track", "3zzzzzzzzzzzz"), None, None)
    ]
    assert all(len(commit.changes) <= PORTION_RECORDS for commit in commits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("filler", [3_000, 300_000])
async def test_of_a_record_that_is_too_large_only_the_beginning_comes_back(
    tmp_path: Path, pool: Pool, filler: int
) -> None:
    repo, large = Repo(), encode(record(filler="x" * filler))
    repo.write((f"fm.plyr.track/{'a' * 13}", large), (f"fm.plyr.track/{'b' * 13}", record()))
    asked = question(repo, record_max_bytes=2_000)
    async with Examiner(tmp_path, 1) as examiner:
        spool = spooled(examiner, repo.export())
        assert spool.is_small is (filler == 3_000)
        _, (commit,) = await examined(examiner, pool, asked, spool)
    first, second = sorted(commit.changes)
    assert (first.value, first.size) == (large[:2_001], len(large))
    assert (second.value, second.size) == (encode(record()), None)


@pytest.mark.parametrize("count", [3, 600])
async def test_a_hostile_repo_is_named_alike_here_and_there(tmp_path: Path, pool: Pool, count: int) -> None:
    repo = filled(count)
    body = repo.export()
    value = repo.values[repo.records["fm.plyr.track/3aaaaaaa00002"]]
    async with Examiner(tmp_path, 1) as examiner:
        for wrong, reason in [
            (body[:-10], "car_invalid"),
            (body.replace(value, value.replace(b"Somebody", b"Nobody!!")), "block_invalid"),
            (body.replace(repo.did.encode(), repo.did.replace("a", "b").encode()), "block_invalid"),
        ]:
            found = await examined(examiner, pool, question(repo), spooled(examiner, wrong))
            assert isinstance(found, Rejected)
            assert found.reason == reason


@pytest.mark.parametrize("filler", [20_000, 70_000])
async def test_a_block_that_many_records_share_makes_no_more_than_a_repo_may_have(
    tmp_path: Path, pool: Pool, filler: int
) -> None:
    """Each of them is written, and stored, with a copy of its own."""
    value = record(filler="x" * filler)
    limits = replace(LIMITS, max_bytes=100_000)
    async with Examiner(tmp_path, 1) as examiner:
        for count, fits in ((1, True), (10, False)):
            repo = Repo()
            repo.write(*((f"fm.plyr.track/3aaaaaaa{number:05}", value) for number in range(count)))
            spool = spooled(examiner, repo.export())
            assert spool.is_small is (filler == 20_000)
            found = await examined(examiner, pool, question(repo, limits=limits), spool)
            assert isinstance(found, Rejected) is not fits
            assert fits or found.reason == "repo_too_large"


async def test_the_death_of_a_process_is_one_repo_s_failure(tmp_path: Path, pool: Pool) -> None:
    repo = filled(600)
    before = set(psutil.Process().children())
    async with Examiner(tmp_path, 1) as examiner:
        await examined(examiner, pool, question(repo), spooled(examiner, repo.export()))
        for child in set(psutil.Process().children()) - before:
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
        with pytest.raises(ExaminerDied):
            await examined(examiner, pool, question(repo), spooled(examiner, repo.export()))
        assert not isinstance(
            await examined(examiner, pool, question(repo), spooled(examiner, repo.export())), Rejected
        )


PARENT = """
import asyncio, sys
from pathlib import Path
from indexer.examiner import Examiner

async def main():
    async with Examiner(Path(sys.argv[1]), 2):
        await asyncio.sleep(1)
        print("ready", flush=True)
        await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_process_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        str(tmp_path / "spool"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"ready\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    os.kill(parent.pid, number)
    await parent.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, children, 5)
    assert not alive
    assert len(gone) == len(children)
