"""What a PDS reports of an account whose document has to be read first, while its repo is not synced."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from indexer.buffer import SLICE
from indexer.judge import Source
from indexer.leftovers import Leftovers
from runtime.db import Pool
from tests.indexer.network import Network, Parts, eventually, held, running
from tests.indexer.repos import Repo, record
from tests.indexer.world import World

TRACK, OTHER = "fm.plyr.track/3aaaaaaaaaa2a", "fm.plyr.track/3aaaaaaaaaa2b"


@pytest.fixture
async def parts(tmp_path, net: Network, pool: Pool) -> AsyncGenerator[Parts]:
    async with running(tmp_path, net, pool, identity_refresh_min=0.1, sync_retry_min=600.0) as parts:
        yield parts


@pytest.fixture
async def world(net: Network, pool: Pool) -> World:
    return await World.make(pool, source=source_of(net))


def source_of(net: Network) -> Source:
    return Source(net.pds.host.origin.replace("http", "ws"), is_pds=True)


async def unfetched(parts: Parts, net: Network, state: str) -> Repo:
    """A repo with rows that is to be fetched in an hour, of an account whose document was read long ago."""
    repo = net.repo((TRACK, record()))
    await parts.track(repo.did)
    await parts.reaches(repo.did, "synced")
    await parts.pool.execute("UPDATE repo SET state = $1, next_attempt_at = now() + interval '1 hour'", state)
    await parts.pool.execute("UPDATE identity SET resolved_at = now() - interval '1 hour'")
    return repo


async def is_gone(parts: Parts, did: str) -> bool:
    return (await parts.account(did))["deleted"] and not await parts.records(did)


@pytest.mark.parametrize("state", ["desynchronized", "error", "pending"])
async def test_of_an_account_that_its_host_deletes_nothing_remains_though_its_repo_never_comes(
    parts: Parts, net: Network, world: World, state: str
) -> None:
    repo = await unfetched(parts, net, state)
    world.commit(repo.write((OTHER, record())))
    world.account(repo.did, active=False, status="deleted")
    del net.pds.repos[repo.did]
    await world.write()
    parts.identities.wake()
    await eventually(lambda: is_gone(parts, repo.did), "all of it is gone")
    assert await world.held() == 0


async def test_an_account_that_goes_and_comes_back_meanwhile_is_fetched(
    parts: Parts, net: Network, world: World
) -> None:
    repo = await unfetched(parts, net, "error")
    world.account(repo.did, active=False, status="deactivated")
    world.account(repo.did, active=True)
    world.commit(repo.write((OTHER, record())))
    await world.write()
    parts.identities.wake()
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)
    assert (await parts.account(repo.did))["active"]


async def test_a_deletion_behind_other_reports_is_not_lost_with_what_the_account_wrote(
    parts: Parts, net: Network, world: World
) -> None:
    """The one before it says that the account is active again, for which the document is read anew."""
    repo = await unfetched(parts, net, "error")
    del net.pds.repos[repo.did]
    world.account(repo.did, active=False, status="deactivated")
    world.account(repo.did, active=True)
    world.account(repo.did, active=False, status="deleted")
    await world.write()
    parts.identities.wake()
    await eventually(lambda: is_gone(parts, repo.did), "all of it is gone")
    assert await world.held() == 0


async def test_a_return_far_behind_what_an_account_wrote_before_is_not_lost(
    parts: Parts, net: Network, world: World
) -> None:
    repo = await unfetched(parts, net, "synced")
    world.put("#identity", {"did": repo.did})
    world.commit(*(repo.write((OTHER, record(title=str(number)))) for number in range(SLICE - 1)))
    world.account(repo.did, active=False, status="deactivated")
    world.account(repo.did, active=True)
    await world.write()
    parts.identities.wake()

    async def is_back() -> bool:
        return (await parts.account(repo.did))["status_at"] is not None and await world.held() == 0

    await eventually(is_back, "what was reported is heeded")
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)


@pytest.mark.parametrize("by", ["itself", "all"])
@pytest.mark.parametrize("place", ["before", "last"])
async def test_a_deletion_is_not_forgotten_when_too_much_waits(
    parts: Parts, net: Network, pool: Pool, by: str, place: str
) -> None:
    """Nor are the reports before it kept, of which a host can make any number."""
    bound = {"buffered_events": 5} if by == "itself" else {}
    world = await World.make(pool, source=source_of(net), **bound)
    repo = await unfetched(parts, net, "synced")
    del net.pds.repos[repo.did]
    world.put("#identity", {"did": repo.did})
    for number in range(9):
        world.account(repo.did, active=True, status=f"throttled {number}")
    world.commit(*(repo.write((OTHER, record(title=str(number)))) for number in range(2)))
    world.account(repo.did, active=False, status="deleted")
    if place == "before":
        world.commit(*(repo.write((OTHER, record(title=str(number)))) for number in range(5)))
    await world.write()
    leftovers = Leftovers(pool, world.rules, 1.0, 0)
    if by == "all":
        assert await leftovers.trim() == 1
        assert await world.held() == 1
        assert await leftovers.trim() == 0, "what stays is not too much"
    assert await world.held() < 6
    parts.identities.wake()
    await eventually(lambda: is_gone(parts, repo.did), "all of it is gone")
    assert await world.held() == 0


async def test_a_report_that_is_as_large_as_a_record_is_forgotten_as_one_is(
    parts: Parts, net: Network, world: World, pool: Pool
) -> None:
    repo = await unfetched(parts, net, "synced")
    world.put("#identity", {"did": repo.did})
    world.account(repo.did, active=False, status="deleted", more="x" * 1_000)
    await world.write()
    assert await Leftovers(pool, world.rules, 1.0, 0).trim() == 1
    assert await world.held() == 0


async def test_what_waits_behind_a_report_that_changes_nothing_goes_on_waiting(
    parts: Parts, net: Network, world: World
) -> None:
    repo = await unfetched(parts, net, "error")
    world.put("#identity", {"did": repo.did})
    world.commit(repo.write((OTHER, record())))
    world.account(repo.did, active=True, status="throttled")
    await world.write()
    assert await world.held() == 2
    parts.identities.wake()

    async def is_heeded() -> bool:
        return (await parts.account(repo.did))["status"] == "throttled"

    await eventually(is_heeded, "the report is heeded")
    assert await world.held() == 1
    await parts.due(repo.did)
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)
    assert await world.held() == 0


async def test_a_deletion_that_is_reported_while_the_host_is_asked_is_a_deletion(
    parts: Parts, net: Network, world: World, pool: Pool
) -> None:
    repo = await unfetched(parts, net, "error")
    del net.pds.repos[repo.did]

    async def report(did: str) -> None:
        net.pds.before_status = None
        world.account(did, active=False, status="deleted")
        await world.write()
        await pool.execute("UPDATE identity SET check_at = now() + interval '1 hour'")

    net.pds.before_status = report
    await parts.due(repo.did)

    async def was_answered() -> bool:
        return (await parts.repo(repo.did))["lease_until"] is None and net.pds.asked_status(repo.did) > 0

    await eventually(was_answered, "the host has answered")
    assert not await is_gone(parts, repo.did), "that it may say so is not known"
    await pool.execute("UPDATE identity SET check_at = now()")
    parts.identities.wake()
    await eventually(lambda: is_gone(parts, repo.did), "all of it is gone")


@pytest.mark.parametrize("waits", ["a commit", "a report"])
async def test_an_account_that_its_host_has_taken_down_is_hidden_whatever_waits_for_the_document(
    parts: Parts, net: Network, world: World, pool: Pool, waits: str
) -> None:
    repo = await unfetched(parts, net, "error")
    net.pds.errors[repo.did] = (400, "RepoTakendown")
    net.pds.statuses[repo.did] = {"active": False, "status": "takendown"}

    async def write(did: str) -> None:
        net.pds.before_status = None
        world.put("#identity", {"did": did})
        if waits == "a commit":
            world.commit(repo.write((OTHER, record())))
        else:
            world.account(did, active=True, status="throttled")
        await world.write()
        await pool.execute("UPDATE identity SET check_at = now() + interval '1 hour'")

    net.pds.before_status = write
    await parts.due(repo.did)

    async def is_hidden() -> bool:
        return not (await parts.account(repo.did))["active"]

    await eventually(is_hidden, "the account is hidden")
    assert (await parts.account(repo.did))["status"] == "takendown"
    assert await world.held() == (waits == "a report")
