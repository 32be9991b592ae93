"""Healing gaps: repos against the heads that their hosts give."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from indexer.asking import Asker
from indexer.compare import Comparison
from indexer.heads import Heads
from indexer.limits import head_limits
from protocol.cbor import Cid
from protocol.syntax import Tid
from runtime.db import Pool

from .heading import LATEST, LIST, Heading
from .network import PATIENCE, Network, Parts, at_work, eventually, held, made, network, second_pds
from .repos import Repo, record, track

QUICK = {"compare_grace": 0.0, "sync_poll": 0.05}


pytestmark = pytest.mark.usefixtures("looking")


@asynccontextmanager
async def comparing(folder: Path, net: Network, pool: Pool, **changes: Any) -> AsyncGenerator[Parts]:
    async with made(folder, net, pool, **(QUICK | changes)) as parts:
        asker = Asker(parts.fetcher, parts.workers.hosts)
        heads = Heads(pool, asker, head_limits(parts.settings), parts.workers.wake)
        comparison = Comparison(parts.settings, pool, heads, parts.identities.wake)
        async with at_work(parts.workers, parts.identities, comparison):
            yield parts


async def gap(pool: Pool) -> None:
    await pool.execute("INSERT INTO stream_gap (source, reason) VALUES ('ws://relay.test', 'outdated_cursor')")


async def healed(pool: Pool, seconds: float = PATIENCE) -> None:
    async def there() -> bool:
        return await pool.fetchval("SELECT count(*) FROM stream_gap WHERE healed_at IS NULL") == 0

    await eventually(there, "the gap is healed", seconds)


async def synced(parts: Parts, *repos: Repo) -> None:
    await parts.track(*(repo.did for repo in repos))
    for repo in repos:
        await parts.reaches(repo.did, "synced")


async def test_what_was_written_unheard_is_here_when_the_gap_is_healed(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        repos = [net.repo((track(number), record())) for number in range(5)]
        await synced(parts, *repos)
        repos[1].write((track(10), record()))
        repos[3].write((track(3), None), (track(11), record()))
        await gap(pool)
        await healed(pool)
        for repo in repos:
            await parts.reaches(repo.did, "synced")
            assert await parts.records(repo.did) == held(repo)
        assert [net.pds.fetched(repo.did) for repo in repos] == [1, 2, 1, 2, 1]


async def test_without_a_gap_nobody_is_asked(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        heading = Heading(net.pds)
        await synced(parts, net.repo((track(1), record())))
        await asyncio.sleep(0.3)
        assert heading.asked(LATEST) == 0


async def test_a_host_with_many_repos_is_listed_and_only_what_it_does_not_list_is_asked_for(
    tmp_path: Path, pool: Pool
) -> None:
    async with network() as net, comparing(tmp_path, net, pool, compare_listing=20) as parts:
        heading = Heading(net.pds, paged=30)
        repos = [net.repo((track(number), record())) for number in range(22)]
        await synced(parts, *repos)
        repos[7].write((track(50), record()))
        await gap(pool)
        await healed(pool)
        await parts.reaches(repos[7].did, "synced")
        assert await parts.records(repos[7].did) == held(repos[7])
        assert heading.asked(LIST) == 1
        assert heading.asked(LATEST) == 0


async def test_a_listing_that_would_take_more_requests_than_it_saves_is_left(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool, compare_listing=20) as parts:
        heading = Heading(net.pds, paged=2)
        repos = [net.repo((track(number), record())) for number in range(22)]
        await synced(parts, *repos)
        await gap(pool)
        await healed(pool)
        assert heading.asked(LIST) == 2
        assert heading.asked(LATEST) == 18


async def test_another_commit_under_the_same_rev_is_a_difference(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        heading = Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        other = "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"
        heading.forged[repo.did] = {"cid": other}
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert net.pds.fetched(repo.did) == 2


async def test_a_newer_rev_of_the_same_commit_is_no_difference(tmp_path: Path, pool: Pool) -> None:
    """A host to which an account has moved gives the commit that it brought a rev of its own."""
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        heading = Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        stored = await pool.fetchval("SELECT commit FROM repo")
        heading.forged[repo.did] = {"rev": "3zzzzzzzzzz2c", "cid": str(Cid(stored))}
        await gap(pool)
        await healed(pool)
        assert net.pds.fetched(repo.did) == 1
        heading.forged[repo.did] = {"rev": "3zzzzzzzzzz2c"}
        await pool.execute("UPDATE repo SET commit = NULL")
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert net.pds.fetched(repo.did) == 2


async def test_an_older_rev_at_the_host_is_no_difference(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        heading = Heading(net.pds)
        repo = net.repo((track(1), record()))
        heading.forged[repo.did] = {"rev": "3kaaaaaaaaa2c"}
        await synced(parts, repo)
        await gap(pool)
        await healed(pool)
        assert net.pds.fetched(repo.did) == 1


async def test_what_comes_through_the_stream_meanwhile_is_not_fetched(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool, compare_grace=5.0) as parts:
        heading = Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        fresh = str(Tid.from_micros(int(time.time() * 1e6), 1))
        heading.forged[repo.did] = {"rev": fresh}
        await gap(pool)

        async def asked() -> bool:
            return heading.asked(LATEST) > 0

        await eventually(asked, "it was asked for")
        await pool.execute("UPDATE repo SET rev = $1", fresh)
        await healed(pool)
        assert net.pds.fetched(repo.did) == 1


async def test_an_account_that_its_host_does_not_give_out_is_asked_for_its_status(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        net.pds.errors[repo.did] = (400, "RepoDeactivated")
        net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "inactive")
        assert (await parts.account(repo.did))["status"] == "deactivated"


async def test_an_inactive_account_that_is_back_unheard_is_back_here(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        row = await parts.account(repo.did)
        async with pool.acquire() as connection, connection.transaction():
            await parts.rules.set_status(
                connection, row["id"], False, "deactivated", datetime.now(UTC), parts.rules.pace
            )
        repo.write((track(2), record()))
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)


async def test_an_account_that_moved_unheard_is_compared_with_its_new_host(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, second_pds() as other, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        Heading(other)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        old = net.pds.repos.pop(repo.did)
        net.pds.errors[repo.did] = (400, "RepoDeactivated")
        net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
        other.repos[repo.did] = old
        net.register(repo, other)
        repo.write((track(2), record()))
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        assert (await parts.identity(repo.did))["pds"] == other.host.origin


async def test_a_host_does_not_speak_for_accounts_that_live_elsewhere(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, second_pds() as other, comparing(tmp_path, net, pool, compare_listing=20) as parts:
        Heading(net.pds)
        liar = Heading(other, paged=100)
        repos = [net.repo((track(number), record()), pds=other) for number in range(20)]
        repo = net.repo((track(1), record()))
        await synced(parts, repo, *repos)
        other.repos[repo.did] = repo
        liar.forged[repo.did] = {"rev": "3zzzzzzzzzz2c"}
        await gap(pool)
        await healed(pool)
        assert liar.asked(LIST) == 1
        assert net.pds.fetched(repo.did) == 1


async def test_a_broken_host_holds_up_its_own_repos_alone_and_the_gap(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, second_pds() as other, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        broken = Heading(other)
        broken.broken = True
        here, there = net.repo((track(1), record())), net.repo((track(1), record()), pds=other)
        await synced(parts, here, there)
        for repo in (here, there):
            repo.write((track(2), record()))
        await gap(pool)

        async def come() -> bool:
            return await parts.records(here.did) == held(here)

        await eventually(come, "what the good host has is here")
        assert await pool.fetchval("SELECT count(*) FROM stream_gap WHERE healed_at IS NULL") == 1
        broken.broken = False
        await healed(pool)
        await parts.reaches(there.did, "synced")
        assert await parts.records(there.did) == held(there)


async def test_a_gap_that_comes_during_the_comparison_has_all_compared_again(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        heading = Heading(net.pds)
        repos = [net.repo((track(number), record())) for number in range(6)]
        await synced(parts, *repos)
        await gap(pool)
        await healed(pool)
        before = heading.asked(LATEST)
        repos[2].write((track(20), record()))
        await gap(pool)
        await healed(pool)
        await parts.reaches(repos[2].did, "synced")
        assert heading.asked(LATEST) - before == 6
        assert await parts.records(repos[2].did) == held(repos[2])


@pytest.mark.parametrize("answer", [{}, {"rev": 5, "cid": "x"}, {"rev": "3kaaaaaaaaa2c", "cid": "b\x00"}, [1], None])
async def test_an_answer_that_is_none_has_the_repo_fetched(tmp_path: Path, pool: Pool, answer: Any) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)

        async def nonsense(_: web.Request) -> web.StreamResponse:
            return web.json_response(answer)

        net.pds.host.on(LATEST, nonsense)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert net.pds.fetched(repo.did) == 2


async def test_a_repo_that_was_being_fetched_when_the_gap_was_noted_is_waited_for(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        repo = net.repo((track(1), record()))
        fetched, go_on = asyncio.Event(), asyncio.Event()

        async def late(_: str) -> None:
            fetched.set()
            await go_on.wait()

        net.pds.before = late
        await parts.track(repo.did)
        await fetched.wait()
        repo.write((track(2), record()))
        await gap(pool)
        await asyncio.sleep(0.3)
        assert await pool.fetchval("SELECT count(*) FROM stream_gap WHERE healed_at IS NULL") == 1
        net.pds.before = None
        go_on.set()
        await healed(pool)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)


async def test_an_account_without_a_host_is_fetched_when_it_has_one(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool) as parts:
        Heading(net.pds)
        repo = net.repo((track(1), record()))
        await synced(parts, repo)
        net.register(repo, service=[])
        await gap(pool)
        await healed(pool)
        await parts.reaches(repo.did, "desynchronized")
        repo.write((track(2), record()))
        net.register(repo)
        await pool.execute("UPDATE identity SET stale = true, check_at = now()")
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)


async def test_few_identities_are_stale_at_once(tmp_path: Path, pool: Pool) -> None:
    async with network() as net, comparing(tmp_path, net, pool, compare_identities=2) as parts:
        Heading(net.pds)
        repos = [net.repo((track(number), record())) for number in range(8)]
        await synced(parts, *repos)
        most = 0
        for repo in repos:
            said = net.plc.routes[f"/{repo.did}"]

            async def answer(request: web.Request, said: Any = said) -> web.StreamResponse:
                nonlocal most
                most = max(most, await pool.fetchval("SELECT count(*) FROM identity WHERE stale"))
                return await said(request)

            net.plc.on(f"/{repo.did}", answer)
        await gap(pool)
        await healed(pool)
        assert most == 2
