"""`track` as an operator uses it."""

from __future__ import annotations

from pathlib import Path

import orjson

from runtime.db import Pool
from tests.indexer.network import held, network, running
from tests.indexer.repos import record

from .test_status import run


async def test_a_repo_that_an_operator_names_is_indexed(tmp_path: Path, pool: Pool, database_url: str) -> None:
    async with network() as net, running(tmp_path, net, pool) as parts:
        repo, known = net.repo(("fm.plyr.track/a", record())), net.repo(("fm.plyr.track/b", record()))
        await parts.track(known.did)
        await parts.reaches(known.did, "synced")
        code, out, err = await run(database_url, "track", repo.did, known.did, repo.did, "--status-interval", "0.05")
        assert (code, out) == (0, "1 repos will be fetched, 1 were known already\n"), err
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        assert net.pds.fetched(known.did) == 1
    code, out, _ = await run(database_url, "track", repo.did, "--json")
    assert (code, orjson.loads(out)) == (0, {"new": 0, "known": 1})


async def test_an_account_that_is_named_is_read_after_the_indexer_listens_to_it(pool: Pool, database_url: str) -> None:
    did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    code, _, err = await run(database_url, "track", did, "--status-interval", "100")
    assert code == 0, err
    waits = "SELECT min(at) > now() + interval '100 s' FROM (SELECT {} AS at FROM {}) AS waiting"
    assert await pool.fetchval(waits.format("next_attempt_at", "repo"))
    assert await pool.fetchval(waits.format("check_at", "identity"))


async def test_what_is_no_did_is_refused(database_url: str) -> None:
    code, _, err = await run(database_url, "track", "somebody.example.com")
    assert code == 2
    assert "not a DID" in err
