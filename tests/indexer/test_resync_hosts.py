"""Hosts that are slow, busy or broken, and what they send in place of a repo: the others go on."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiohttp import web

from indexer import states
from indexer.crew import backoff
from runtime.db import Pool
from tests.indexer.network import GET_REPO, GET_STATUS, Network, Parts, Pds, eventually, running, second_pds
from tests.indexer.repos import record
from tests.protocol.webhost import trickle

TRACK = "fm.plyr.track/3aaaaaaaaaa2a"


async def all_resolved(parts: Parts) -> bool:
    return not await parts.pool.fetchval("SELECT EXISTS (SELECT FROM identity WHERE stale)")


async def test_a_slow_host_does_not_hold_up_the_others(tmp_path, net, pool) -> None:
    async with second_pds() as slow:

        async def hang(_: str) -> None:
            await asyncio.sleep(60)

        slow.before = hang
        stuck = [net.repo((TRACK, record()), pds=slow) for _ in range(30)]
        fine = [net.repo((TRACK, record())) for _ in range(5)]
        async with running(tmp_path, net, pool, sync_workers=8, host_concurrency=2) as parts:
            await parts.track(*(repo.did for repo in stuck))
            await eventually(lambda: all_resolved(parts), "all are resolved")
            await parts.track(*(repo.did for repo in fine), priority=0)
            for repo in fine:
                await parts.reaches(repo.did, "synced")
        assert sum(slow.fetched(repo.did) for repo in stuck) == 2


async def test_hosts_that_let_repos_trickle_do_not_hold_up_the_others(tmp_path, net, pool) -> None:
    async with second_pds() as slow:
        slow.host.on(GET_REPO, trickle)
        stuck = [net.repo((TRACK, record()), pds=slow) for _ in range(4)]
        fine = net.repo((TRACK, record()))
        quick = {"first_byte_timeout": 0.5, "repo_timeout": 600.0}
        async with running(tmp_path, net, pool, sync_workers=2, host_concurrency=2, **quick) as parts:
            await parts.track(*(repo.did for repo in stuck))
            await eventually(lambda: started(slow, 2), "two are being fetched")
            await parts.track(fine.did, priority=0)
            await parts.reaches(fine.did, "synced")
            await eventually(lambda: failed_for(pool, "slower than"), "it is given up")


async def test_hosts_whose_repos_take_long_never_hold_all_workers(tmp_path, net, pool) -> None:
    """They are quick enough not to be given up for it, and there are enough of them."""
    async with second_pds() as one, second_pds() as another:
        stuck = []
        for slow in (one, another):
            slow.host.on(GET_REPO, trickle)
            stuck += [net.repo((TRACK, record()), pds=slow) for _ in range(4)]
        fine = net.repo((TRACK, record()))
        quick = {"first_byte_timeout": 0.5, "repo_speed_min": 0.0, "repo_timeout": 600.0}
        async with running(tmp_path, net, pool, sync_workers=4, host_concurrency=2, **quick) as parts:
            await parts.track(*(repo.did for repo in stuck))
            await eventually(lambda: started(one, 2), "two are being fetched")
            await eventually(lambda: started(another, 2), "all are busy")
            await parts.track(fine.did, priority=0)
            await parts.reaches(fine.did, "synced")
            assert await outpaced(pool)
            assert await pool.fetchval("SELECT count(*) FROM repo WHERE state = 'syncing'") >= 2, "some may go on"


async def test_of_the_repos_that_take_long_the_slowest_makes_room_and_neither_it_nor_its_host_is_blamed(
    tmp_path, net, pool
) -> None:
    large = net.repo((TRACK, record(description="x" * 100_000)))

    async def takes_a_while(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        body = large.export()
        for start in range(0, len(body), 5_000):
            await response.write(body[start : start + 5_000])
            await asyncio.sleep(0.1)
        return response

    net.pds.host.on(GET_REPO, takes_a_while)
    async with second_pds() as slow:
        slow.host.on(GET_REPO, trickle)
        stuck = net.repo((TRACK, record()), pds=slow)
        quick = {"first_byte_timeout": 0.5, "repo_speed_min": 0.0, "repo_timeout": 600.0}
        async with running(tmp_path, net, pool, sync_workers=2, **quick) as parts:
            await parts.track(stuck.did)
            await eventually(lambda: started(slow, 1), "it is being fetched")
            await parts.track(large.did)
            await parts.reaches(large.did, "synced")
            assert net.pds.fetched(large.did) == 1
            await eventually(lambda: outpaced(pool), "it has made room")
            assert (await parts.repo(stuck.did))["attempts"] == 1, "the next pause is longer"
            assert parts.workers.hosts.busy() == []
            await parts.due(stuck.did)
            await eventually(lambda: started(slow, 2), "it is tried again")


async def outpaced(pool: Pool) -> bool:
    """Whether a repo was given up, and is to be fetched again after a pause."""
    return await pool.fetchval(
        "SELECT EXISTS (SELECT FROM repo WHERE state = 'pending' AND next_attempt_at > now() + interval '30 s')"
    )


async def failed_for(pool: Pool, reason: str) -> bool:
    return await pool.fetchval(
        "SELECT EXISTS (SELECT FROM repo WHERE state = 'error' AND strpos(last_error, $1) > 0)", reason
    )


async def started(pds: Pds, number: int) -> bool:
    return sum(path.startswith(GET_REPO) for path in pds.host.asked) >= number


async def test_a_host_that_has_had_enough_is_left_alone_and_nothing_counts_against_its_repos(
    tmp_path, net, pool
) -> None:
    repo = net.repo((TRACK, record()))
    net.pds.errors[repo.did] = 429, "RateLimitExceeded"
    net.pds.headers = {"Retry-After": "1"}
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        await eventually(lambda: fetched(net, repo.did), "it was asked for")
        del net.pds.errors[repo.did]
        begin = asyncio.get_running_loop().time()
        assert (await parts.reaches(repo.did, "synced"))["attempts"] == 0
        assert asyncio.get_running_loop().time() - begin > 0.6
    assert net.pds.fetched(repo.did) == 2


async def fetched(net: Network, did: str) -> bool:
    return net.pds.fetched(did) > 0


async def test_a_broken_host_is_probed_and_not_stormed(tmp_path, net, pool) -> None:
    repos = [net.repo((TRACK, record())) for _ in range(20)]
    for repo in repos:
        net.pds.errors[repo.did] = 500, ""
    async with running(tmp_path, net, pool, host_concurrency=1) as parts:
        await parts.track(*(repo.did for repo in repos))
        await asyncio.sleep(1.5)
    assert 1 <= sum(net.pds.fetched(repo.did) for repo in repos) <= 4
    failed = await pool.fetch("SELECT state, attempts, last_error FROM repo WHERE attempts > 0")
    assert failed
    assert {(row["state"], row["attempts"], row["last_error"]) for row in failed} == {("error", 1, "status 500")}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "car_invalid"),
        (b"garbage", "car_invalid"),
        (b"<html>", "car_invalid"),
    ],
)
async def test_what_is_no_repo_is_an_error_that_is_tried_again(tmp_path, net, pool, body, reason) -> None:
    repo = net.repo((TRACK, record()))
    repo.export = lambda: body  # type: ignore[method-assign]
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        row = await parts.reaches(repo.did, "error")
        assert row["last_error"].startswith(reason)
        assert 50 < (row["next_attempt_at"] - datetime.now(UTC)).total_seconds() < 100
        assert row["attempts"] == 1
        del repo.export
        await parts.due(repo.did)
        assert (await parts.reaches(repo.did, "synced"))["attempts"] == 0


async def test_a_host_that_refuses_a_question_of_status_is_left_alone_too(tmp_path, net, pool) -> None:
    repos = [net.repo((TRACK, record())) for _ in range(20)]

    async def enough(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": "RateLimitExceeded"}, status=429, headers={"Retry-After": "60"})

    net.pds.host.on(GET_STATUS, enough)
    async with running(tmp_path, net, pool, host_concurrency=1) as parts:
        await parts.track(*(repo.did for repo in repos))
        for repo in repos:
            await parts.reaches(repo.did, "synced")
        await pool.execute("UPDATE account SET active = false")
        await pool.execute("UPDATE repo SET state = 'inactive', next_attempt_at = now()")
        parts.workers.wake()
        await eventually(lambda: asked_status(net), "one was asked for")
        await asyncio.sleep(0.5)
        assert sum(net.pds.asked_status(repo.did) for repo in repos) == 1


async def asked_status(net: Network) -> bool:
    return any(path.startswith(GET_STATUS) for path in net.pds.host.asked)


def test_retries_are_bounded_and_never_overflow() -> None:
    pauses = [backoff(attempts, 60.0, 3_600.0) for attempts in [*range(2_000), 2**62]]
    assert all(60.0 <= pause <= 3_600.0 for pause in pauses)
    assert all(pause >= 2_400.0 for pause in pauses[10:])
    assert len(set(pauses[10:])) > 1_000, "with jitter"


async def test_attempts_without_end_stay_within_their_column(tmp_path, net, pool: Pool) -> None:
    repo = net.repo((TRACK, record()))
    net.pds.errors[repo.did] = 400, "SomethingElse"
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "error")
        await pool.execute("UPDATE repo SET attempts = 1000")
        await pool.execute("UPDATE repo SET last_error = NULL")
        await parts.due(repo.did)

        async def failed_again() -> bool:
            return (await parts.repo(repo.did))["last_error"] is not None

        await eventually(failed_again, "it failed again")
        assert (await parts.repo(repo.did))["attempts"] == 1000


async def test_a_repo_that_is_larger_than_is_read_fails_by_name_and_is_not_read_to_its_end(tmp_path, net, pool) -> None:
    large = net.repo((TRACK, record(description="x" * 1_100_000)))
    fine = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool, repo_max_bytes=1_000_000) as parts:
        await parts.track(large.did, fine.did)
        await parts.reaches(fine.did, "synced")
        row = await parts.reaches(large.did, "error")
        assert "larger" in row["last_error"] or "more than" in row["last_error"]
        assert row["attempts"] == 1
        assert await parts.records(large.did) == {}


async def resting(parts: Parts, net: Network) -> str:
    """The DID of an account that is not active, as its host says; this is asked again when it is due."""
    repo = net.repo((TRACK, record()))
    net.pds.errors[repo.did] = 400, "RepoDeactivated"
    net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
    await parts.track(repo.did)
    await parts.reaches(repo.did, "inactive")
    del net.pds.errors[repo.did]
    return repo.did


async def test_the_answer_of_a_host_that_takes_longer_than_a_lease_counts(tmp_path, net, pool) -> None:
    async def slowly(_: str) -> None:
        await asyncio.sleep(2.5)

    async with running(tmp_path, net, pool, sync_lease=1.1) as parts:
        did = await resting(parts, net)
        del net.pds.statuses[did]
        net.pds.before_status = slowly
        before = net.pds.asked_status(did)
        await parts.due(did)
        await parts.reaches(did, "synced")
    assert net.pds.asked_status(did) == before + 1


@pytest.mark.parametrize("answers", [True, False])
async def test_a_host_is_asked_again_at_once_when_something_is_told_while_it_is_asked(
    tmp_path, net, pool, answers: bool
) -> None:
    """The queue is not looked at meanwhile, and the first answer is given before what is told is true."""

    async def told(did: str) -> None:
        net.pds.before_status = comes_back
        if not answers:
            net.pds.statuses[did] = {"active": None}
        async with pool.acquire() as connection, connection.transaction():
            await states.ask_hosts(connection, [(await parts.account(did))["id"]])

    async def comes_back(did: str) -> None:
        net.pds.statuses.pop(did, None)

    async with running(tmp_path, net, pool, sync_poll=2.0, identity_refresh_min=0.1) as parts:
        did = await resting(parts, net)
        net.pds.before_status = told
        await parts.due(did)
        await parts.reaches(did, "synced")
