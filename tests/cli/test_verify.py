"""`verify` as an operator runs it: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from indexer.resync import SPOOL_FOLDER
from runtime import db
from runtime.db import Pool
from tests.house.tree import ROOT
from tests.indexer.network import Network, Parts, at_work, held, made, network
from tests.indexer.repos import Repo, record

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"


@pytest.fixture
async def quiet_pool(database_url: str) -> AsyncGenerator[Pool]:
    """Sessions that are not taken for an indexer's."""
    pool = await db.writer_pool(database_url, size=4, connect_timeout=30.0, name="plyr-appview test")
    yield pool
    await pool.close()


@pytest.fixture
async def net() -> AsyncGenerator[Network]:
    async with network() as found:
        yield found


@pytest.fixture
async def parts(tmp_path: Path, net: Network, quiet_pool: Pool) -> AsyncGenerator[Parts]:
    async with made(tmp_path, net, quiet_pool) as found:
        yield found


async def synced(parts: Parts, *repos: Repo) -> None:
    async with at_work(parts.workers, parts.identities):
        await parts.track(*(repo.did for repo in repos))
        for repo in repos:
            await parts.reaches(repo.did, "synced")


async def verify(parts: Parts, database_url: str, *arguments: str, **more: str) -> tuple[int | None, str, str]:
    settings = parts.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
    environment |= {
        "PLYR_DATABASE_URL": database_url,
        "PLYR_DATA_DIR": str(settings.data_dir),
        "PLYR_PLC_URL": settings.plc_url,
        "PLYR_TRUST_LOOPBACK": "true",
        "PLYR_SYNC_POLL": "0.1",
        "PLYR_VERIFY_PAUSE": "0.1",
        "COLUMNS": "250",
    } | more
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli", "verify", *arguments),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def lines(out: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in out.splitlines()]


async def test_what_is_equal_ends_well(parts: Parts, net: Network, database_url: str) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    code, out, err = await verify(parts, database_url, "--all")
    assert (code, out) == (0, "1 repo compared, 1 equal, 0 differ\n"), err
    code, out, err = await verify(parts, database_url, "--sample", "5", "--json")
    assert code == 0, err
    assert [(line["did"], line["result"]) for line in lines(out)] == [(repo.did, "equal")]


async def test_what_differs_is_shown_and_mended_without_an_indexer(
    parts: Parts, net: Network, quiet_pool: Pool, database_url: str
) -> None:
    repo, other = net.repo((A, record()), (B, record())), net.repo((A, record()))
    await synced(parts, repo, other)
    await quiet_pool.execute("DELETE FROM record WHERE collection || '/' || rkey = $1", B)
    code, out, err = await verify(parts, database_url, repo.did, other.did)
    assert code == 1, err
    assert f"{repo.did}  {B}  not in the index" in out
    assert out.splitlines()[-1] == "2 repos compared, 1 equal, 1 differ (1 not in the index)"
    code, out, err = await verify(parts, database_url, "--all", "--repair", "--json")
    assert code == 0, err
    first = {line["did"]: line["result"] for line in lines(out) if not line["repaired"]}
    assert first == {repo.did: "different", other.did: "equal"}
    assert [(line["did"], line["result"]) for line in lines(out) if line["repaired"]] == [(repo.did, "equal")]
    assert await parts.records(repo.did) == held(repo)


async def test_where_an_indexer_works_the_repair_is_its(
    parts: Parts, net: Network, pool: Pool, database_url: str
) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    await pool.execute("DELETE FROM record")
    async with at_work(parts.workers, parts.identities):
        code, out, err = await verify(parts, database_url, repo.did, "--repair", "--verify-tries", "2")
    assert code == 0, err
    assert out.splitlines()[-1] == "after the repair: 1 repo compared, 1 equal, 0 differ"
    assert await parts.records(repo.did) == held(repo)


async def test_what_a_stranger_says_reaches_no_terminal(parts: Parts, net: Network, database_url: str) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    net.pds.errors[repo.did] = (400, "\x1b[31m[bold]")
    code, out, err = await verify(parts, database_url, repo.did)
    assert code == 3, err
    assert "\x1b" not in out
    assert "\N{REPLACEMENT CHARACTER}[31m[bold]" in out
    assert out.splitlines()[-1] == "0 repos compared, 0 equal, 0 differ; 1 could not be compared"


def unchecked(out: str, code: int | None, repos: Sequence[Repo], reason: str, compared: int = 0) -> None:
    """One of the repos could not be compared, for this reason, and nothing is said to differ."""
    assert code == 3
    (line,) = [line for line in out.splitlines() if line.startswith("not compared: ")]
    assert line.startswith(tuple(f"not compared: {repo.did}: " for repo in repos))
    assert reason in line
    summary = f"{compared} {'repo' if compared == 1 else 'repos'} compared, {compared} equal, 0 differ"
    assert out.splitlines()[-1] == f"{summary}; 1 could not be compared"


async def test_a_repo_that_can_not_be_kept_is_not_compared(parts: Parts, net: Network, database_url: str) -> None:
    repo = net.repo((A, record(description="x" * 100_000)))
    await synced(parts, repo)

    async def no_folder(_: str) -> None:
        shutil.rmtree(parts.settings.data_dir / SPOOL_FOLDER)

    net.pds.before = no_folder
    code, out, err = await verify(parts, database_url, "--all")
    assert "Traceback" not in err
    unchecked(out, code, [repo], "No such file or directory")


async def test_a_repo_that_is_not_fetched_in_time_is_not_compared(
    parts: Parts, net: Network, database_url: str
) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)

    async def hang(_: str) -> None:
        await asyncio.sleep(60)

    net.pds.before = hang
    code, out, err = await verify(parts, database_url, "--all", PLYR_REPO_TIMEOUT="1")
    assert "Traceback" not in err
    unchecked(out, code, [repo], repo.did)
    code, out, _ = await verify(parts, database_url, "--all", "--json", PLYR_REPO_TIMEOUT="1")
    assert code == 3
    assert [(line["result"], bool(line["reason"]), line["counts"]) for line in lines(out)] == [("unchecked", True, {})]


async def test_a_repo_for_which_its_host_has_no_room_is_not_compared(
    parts: Parts, net: Network, database_url: str
) -> None:
    repos = [net.repo((A, record())) for _ in range(2)]
    await synced(parts, *repos)
    dids = [repo.did for repo in repos]
    code, out, err = await verify(parts, database_url, *dids, PLYR_REPO_TIMEOUT="1", PLYR_HOST_RATE="0.001")
    assert "Traceback" not in err
    unchecked(out, code, repos, "has had no room for 1 s", compared=1)


@pytest.mark.parametrize("arguments", [(), ("--all", "--sample", "3"), ("did:plc:x", "--all"), ("no-did",)])
async def test_a_choice_that_is_none_is_refused(parts: Parts, database_url: str, arguments: tuple[str, ...]) -> None:
    code, _, err = await verify(parts, database_url, *arguments)
    assert code == 2
    assert "Traceback" not in err
