"""What becomes of accounts: by what their hosts report, and by what they answer when they are asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from indexer.accounts import set_status
from runtime.db import Pool
from tests.indexer.network import GET_STATUS, Network, Parts, eventually, held, second_pds
from tests.indexer.repos import Repo, record

TRACK, LIKE = "fm.plyr.track/3aaaaaaaaaa2a", "fm.plyr.like/3aaaaaaaaaa2a"
T0 = datetime(2026, 4, 1, tzinfo=UTC)


async def synced(parts: Parts, net: Network, *ops: tuple[str, Any]) -> Repo:
    repo = net.repo(*(ops or ((TRACK, record()),)))
    await parts.track(repo.did)
    await parts.reaches(repo.did, "synced")
    return repo


async def report(parts: Parts, did: str, active: bool, status: str | None, at: datetime) -> None:
    """An `#account`, as the pipeline hands it on."""
    account_id = (await parts.account(did))["id"]
    async with parts.pool.acquire() as connection, connection.transaction():
        await set_status(connection, account_id, active, status, at, parts.rules.pace)


async def is_visible(pool: Pool, did: str) -> bool:
    return await pool.fetchval("SELECT EXISTS (SELECT FROM visible_account WHERE did = $1)", did)


async def rest(parts: Parts) -> None:
    """Let whatever is due be done."""
    for _ in range(3):
        parts.workers.wake()
        parts.identities.wake()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("status", ["deactivated", "takendown", "suspended", "something new", "n\x00l", None])
async def test_an_account_that_is_not_active_keeps_its_rows_and_shows_nothing(parts, net, pool, status) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, status, T0)
    assert not await is_visible(pool, repo.did)
    assert await parts.records(repo.did) == held(repo)
    row = await parts.repo(repo.did)
    assert (row["state"], row["rev"]) == ("inactive", repo.rev)
    assert (await parts.account(repo.did))["status"] == (status and status.replace("\x00", "\ufffd"))


async def test_an_active_account_s_status_changes_nothing_but_itself(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, True, "throttled", T0)
    assert await is_visible(pool, repo.did)
    assert (await parts.repo(repo.did))["state"] == "synced"
    assert (await parts.account(repo.did))["status"] == "throttled"


async def test_an_account_that_comes_back_shows_and_is_fetched_anew(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deactivated", T0)
    repo.write((LIKE, record("fm.plyr.like")))
    await report(parts, repo.did, True, None, T0 + timedelta(seconds=1))
    assert await is_visible(pool, repo.did)
    parts.identities.wake()
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)


async def test_of_a_deleted_account_nothing_remains_but_the_mark(parts, net, pool) -> None:
    repo = await synced(parts, net)
    other = await synced(parts, net)
    net.register(repo, handle="gone.example.com")
    del net.pds.repos[repo.did]
    await pool.execute(
        "INSERT INTO dead_letter (did, source, reason, detail, payload) VALUES ($1, '', '', '', '')", repo.did
    )
    await report(parts, repo.did, False, "deleted", T0)
    account_id = (await parts.account(repo.did))["id"]
    for table in ("record", "plyr_track", "buffered_event"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table} WHERE account_id = $1", account_id) == 0, table
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert await parts.records(other.did) == held(other)
    await is_left(parts, repo.did)
    identity, row = await parts.identity(repo.did), await parts.repo(repo.did)
    assert (identity["handle"], identity["pds"], identity["signing_key"]) == (None, None, None)
    assert (row["state"], row["rev"], row["data"]) == ("inactive", None, None)
    assert (await parts.account(repo.did))["deleted"]
    assert not await is_visible(pool, repo.did)


async def test_a_replay_does_not_bring_a_deleted_account_back(parts, net, pool) -> None:
    repo = await synced(parts, net)
    del net.pds.repos[repo.did]
    await report(parts, repo.did, False, "deleted", T0)
    await report(parts, repo.did, True, None, T0 - timedelta(days=1))
    await report(parts, repo.did, False, "takendown", T0 + timedelta(days=1))
    await rest(parts)
    assert (await parts.account(repo.did))["deleted"]
    assert await parts.records(repo.did) == {}


async def test_a_later_report_brings_a_deleted_account_back_by_a_fresh_sync(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deleted", T0)
    await report(parts, repo.did, True, None, T0 + timedelta(seconds=1))
    parts.identities.wake()
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)
    assert await is_visible(pool, repo.did)
    assert not (await parts.account(repo.did))["deleted"]


async def test_a_replay_does_not_hide_an_account(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deactivated", T0)
    await report(parts, repo.did, True, None, T0 + timedelta(seconds=2))
    for status in ("deactivated", "deleted"):
        await report(parts, repo.did, False, status, T0 + timedelta(seconds=1))
    assert await is_visible(pool, repo.did)
    assert await parts.records(repo.did) == held(repo)


async def test_an_old_report_that_an_account_is_active_has_its_host_asked(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deactivated", T0)
    net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
    await report(parts, repo.did, True, None, T0 - timedelta(seconds=1))
    parts.workers.wake()
    await eventually(lambda: was_asked(net, repo.did), "the host was asked")
    assert not await is_visible(pool, repo.did)
    net.pds.statuses[repo.did] = {"active": True}
    await report(parts, repo.did, True, None, T0 - timedelta(seconds=1))
    parts.workers.wake()
    await parts.reaches(repo.did, "synced")
    assert await is_visible(pool, repo.did)


async def was_asked(net: Network, did: str) -> bool:
    return net.pds.asked_status(did) > 0


async def test_a_clock_ahead_of_ours_does_not_shut_out_later_reports(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deactivated", datetime.now(UTC) + timedelta(days=365))
    await report(parts, repo.did, True, None, datetime.now(UTC) + timedelta(seconds=1))
    assert await is_visible(pool, repo.did)


async def test_what_waits_for_an_account_that_is_not_active_is_dropped(parts, net, pool) -> None:
    repo = await synced(parts, net)
    account_id = (await parts.account(repo.did))["id"]
    await pool.execute(
        "INSERT INTO buffered_event (account_id, source, seq, frame) VALUES ($1, 'wss://x', 1, 'x')", account_id
    )
    await report(parts, repo.did, False, "suspended", T0)
    assert await pool.fetchval("SELECT count(*) FROM buffered_event") == 0


async def test_a_sync_under_way_when_the_account_goes_writes_nothing(parts, net, pool) -> None:
    repo = net.repo((TRACK, record()))

    async def go(did: str) -> None:
        await report(parts, did, False, "takendown", T0)

    net.pds.before = go
    await parts.track(repo.did)
    await parts.reaches(repo.did, "inactive")
    await asyncio.sleep(0.2)
    assert await parts.records(repo.did) == {}
    assert (await parts.repo(repo.did))["state"] == "inactive"


async def test_a_report_that_had_to_wait_for_another_sees_what_that_one_did(parts, net, pool) -> None:
    repo = await synced(parts, net)
    del net.pds.repos[repo.did]
    account_id = (await parts.account(repo.did))["id"]
    async with pool.acquire() as connection:
        async with connection.transaction():
            await set_status(connection, account_id, False, "deleted", T0 + timedelta(seconds=1), parts.rules.pace)
            waiting = asyncio.create_task(report(parts, repo.did, True, None, T0))
            await asyncio.sleep(0.2)
        await waiting
    assert (await parts.account(repo.did))["deleted"]
    assert not await is_visible(pool, repo.did)


async def test_another_cause_goes_on_hiding_an_account_that_comes_back(parts, net, pool) -> None:
    repo = await synced(parts, net)
    account_id = (await parts.account(repo.did))["id"]
    await report(parts, repo.did, False, "deactivated", T0)
    await pool.execute("INSERT INTO visibility VALUES ($1, '', '!hide', true, true)", account_id)
    await report(parts, repo.did, True, None, T0 + timedelta(seconds=1))
    assert not await is_visible(pool, repo.did)


@pytest.mark.parametrize(
    ("error", "answer", "status"),
    [
        ("RepoDeactivated", {"active": False, "status": "deactivated"}, "deactivated"),
        ("RepoTakendown", {"active": False, "status": "takendown"}, "takendown"),
        ("RepoSuspended", {"active": False}, None),
        ("RepoNotFound", {"active": False, "status": "deleted"}, "not_found"),
    ],
)
async def test_a_host_that_does_not_give_out_a_repo_is_asked_why_and_the_account_is_hidden(
    parts, net, pool, error: str, answer: dict[str, Any], status: str | None
) -> None:
    repo = await synced(parts, net)
    net.pds.errors[repo.did] = 404, error
    net.pds.statuses[repo.did] = answer
    await parts.desynchronize(repo.did)
    row = await parts.reaches(repo.did, "inactive")
    assert (await parts.account(repo.did))["status"] == status
    assert not (await parts.account(repo.did))["deleted"]
    assert not await is_visible(pool, repo.did)
    assert await parts.records(repo.did) == held(repo), "hidden, not gone"
    assert 50 < (row["next_attempt_at"] - datetime.now(UTC)).total_seconds() < 100, "and asked for again"


async def test_a_repo_that_its_host_does_not_know_is_hidden_and_comes_back_when_it_does(parts, net, pool) -> None:
    repo = await synced(parts, net)
    del net.pds.repos[repo.did]
    await parts.desynchronize(repo.did)
    await parts.reaches(repo.did, "inactive")
    assert (await parts.account(repo.did))["status"] == "not_found"
    asked = net.pds.asked_status(repo.did)
    await parts.due(repo.did)

    async def asked_again() -> bool:
        return net.pds.asked_status(repo.did) > asked and (await parts.repo(repo.did))["attempts"] == 2

    await eventually(asked_again, "it was asked again")
    net.pds.repos[repo.did] = repo
    await parts.due(repo.did)
    await parts.reaches(repo.did, "synced")
    assert await is_visible(pool, repo.did)


@pytest.mark.parametrize(
    ("status", "error"), [(400, "InvalidRequest"), (404, ""), (403, "Forbidden"), (500, "RepoGone"), (501, "")]
)
async def test_an_error_that_says_nothing_of_the_account_hides_nothing(parts, net, pool, status, error) -> None:
    repo = await synced(parts, net)
    net.pds.errors[repo.did] = status, error
    await parts.desynchronize(repo.did)
    await parts.reaches(repo.did, "error")
    assert await is_visible(pool, repo.did)
    assert (await parts.account(repo.did))["active"]


async def test_a_host_that_contradicts_itself_hides_nothing(parts, net, pool) -> None:
    repo = await synced(parts, net)
    net.pds.errors[repo.did] = 400, "RepoNotFound"
    net.pds.statuses[repo.did] = {"active": True}
    await parts.desynchronize(repo.did)
    assert "does not give out" in (await parts.reaches(repo.did, "error"))["last_error"]
    assert await is_visible(pool, repo.did)


@pytest.mark.parametrize("answer", [{"did": "did:plc:other", "active": False}, {"active": "no"}, {"active": None}])
async def test_a_status_that_is_not_one_says_nothing(parts, net, pool, answer) -> None:
    repo = await synced(parts, net)
    net.pds.errors[repo.did] = 400, "RepoNotFound"
    net.pds.statuses[repo.did] = answer
    await parts.desynchronize(repo.did)
    await parts.reaches(repo.did, "error")
    assert await is_visible(pool, repo.did)


async def test_a_former_host_has_no_say(parts, net, pool) -> None:
    repo = await synced(parts, net)
    async with second_pds() as new_home:
        new_home.repos[repo.did] = repo
        net.register(repo, new_home)
        repo.write((LIKE, record("fm.plyr.like")))
        net.pds.errors[repo.did] = 400, "RepoDeactivated"
        net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
        await pool.execute("UPDATE identity SET resolved_at = now() - interval '1 hour'")
        await parts.desynchronize(repo.did)
        await eventually(lambda: is_whole(parts, repo), "the repo came from its new home")
        await parts.reaches(repo.did, "synced")
    assert net.pds.asked_status(repo.did) == 0
    assert await is_visible(pool, repo.did)


async def is_left(parts: Parts, did: str) -> None:
    """Wait until nobody is asked for a deleted account any more."""

    async def left() -> bool:
        identity, row = await parts.identity(did), await parts.repo(did)
        return not identity["stale"] and identity["pds"] is None and row["next_attempt_at"].year > 9_000

    await eventually(left, f"{did} is left alone")


async def test_what_a_former_host_deletes_comes_back_from_the_present_one_by_itself(parts, net, pool) -> None:
    repo = await synced(parts, net)
    async with second_pds() as new_home:
        new_home.repos[repo.did] = net.pds.repos.pop(repo.did)
        net.register(repo, new_home)
        await report(parts, repo.did, False, "deleted", T0)
        assert await parts.records(repo.did) == {}, "at once"
        parts.identities.wake()
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        assert await is_visible(pool, repo.did)
        assert (await parts.identity(repo.did))["pds"] == new_home.host.origin
        await report(parts, repo.did, False, "deleted", T0)
        assert await is_visible(pool, repo.did), "the same report again is a replay"
    assert net.pds.asked_status(repo.did) == 0


async def test_a_deletion_that_overtakes_the_return_has_the_host_asked_again(parts, net, pool) -> None:
    repo = await synced(parts, net)
    home = net.pds.repos.pop(repo.did)
    await report(parts, repo.did, False, "deleted", T0 + timedelta(seconds=1))
    parts.identities.wake()
    await is_left(parts, repo.did)
    net.pds.repos[repo.did] = home
    await report(parts, repo.did, True, None, T0)
    assert (await parts.account(repo.did))["deleted"], "an old report proves nothing"
    parts.identities.wake()
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)


async def test_what_a_host_was_asked_before_a_deletion_does_not_undo_it(parts, net, pool) -> None:
    repo = await synced(parts, net)
    await report(parts, repo.did, False, "deactivated", T0)
    asked, answer = asyncio.Event(), asyncio.Event()
    first = net.pds.get_status

    async def slow(request: web.Request) -> web.StreamResponse:
        found = await first(request)
        asked.set()
        await answer.wait()
        return found

    net.pds.host.on(GET_STATUS, slow)
    await parts.due(repo.did)
    await asked.wait()
    del net.pds.repos[repo.did]
    await report(parts, repo.did, False, "deleted", T0 + timedelta(seconds=1))
    answer.set()
    parts.identities.wake()
    await is_left(parts, repo.did)
    assert (await parts.account(repo.did))["deleted"]


async def is_whole(parts: Parts, repo: Repo) -> bool:
    return await parts.records(repo.did) == held(repo)
