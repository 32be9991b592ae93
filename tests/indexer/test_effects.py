"""What events do to the state of a repo: chains, waiting, keys, accounts, and who may speak for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from indexer import buffer
from indexer.frames import Interest, concerns, read
from protocol.crypto import PrivateKey
from runtime.db import Pool

from .repos import Repo, frame, record
from .world import World, held_by, started

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"


async def test_a_repo_seen_for_the_first_time_goes_to_the_front_of_the_queue_and_its_event_waits(pool: Pool) -> None:
    repo = Repo()
    world = await World.make(pool)
    world.commit(repo.write((A, record())))
    await world.write()
    row = await world.repo(repo)
    assert (row["state"], row["priority"], row["stale"]) == ("pending", 10, True)
    assert repo.did in world.tracked
    assert world.wakes == ["sync", "identity"]
    assert await world.held() == 1
    assert await world.records() == {}


async def test_a_profile_of_another_network_alone_makes_no_repo_ours(pool: Pool) -> None:
    repo = Repo()
    world = await World.make(pool)
    world.commit(repo.write(("app.bsky.actor.profile/self", {"$type": "app.bsky.actor.profile"})))
    await world.write()
    assert await pool.fetchval("SELECT count(*) FROM account") == 0
    assert await world.cursor() == world.seq


async def test_what_waited_is_applied_in_order_once_the_repo_is_settled(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    covered = repo.write((A, record()))
    world.commit(covered)
    rev, data = repo.rev, repo.data
    world.commit(repo.write((B, record())), repo.write((B, record(title="new")), (A, None)))
    await world.write()
    assert await world.held() == 3
    assert data is not None
    await pool.execute("UPDATE repo SET state = 'synced', rev = $1, data = $2", rev, bytes(data))
    async with pool.acquire() as connection, connection.transaction():
        state = await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert state is not None
    assert state.settled
    assert await world.held() == 0
    assert await world.records() == {B: held_by(repo)[B]}
    assert (await world.repo(repo))["rev"] == repo.rev


async def test_an_event_behind_waiting_ones_waits_too_and_all_are_caught_up(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE identity SET stale = true")
    world.commit(repo.write((A, record())))
    await world.write()
    await pool.execute("UPDATE identity SET stale = false")
    world.commit(repo.write((A, record(title="new"))))
    await world.write()
    assert await world.records() == {A: held_by(repo)[A]}
    assert await world.held() == 0


async def test_what_waited_and_does_not_chain_desynchronizes_and_the_rest_goes_on_waiting(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    repo.write((A, record()))
    world.commit(repo.write((B, record())), repo.write((B, None)))
    await world.write()
    await pool.execute("UPDATE repo SET state = 'synced'")
    async with pool.acquire() as connection, connection.transaction():
        state = await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert state is not None
    assert state.state == "desynchronized"
    assert (await world.repo(repo))["state"] == "desynchronized"
    assert await world.held() == 1


async def test_more_events_than_may_wait_mean_another_fetch(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, buffered_events=3)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    world.commit(*(repo.write((A, record(title=str(n)))) for n in range(4)))
    await world.write()
    assert await world.held() == 0
    assert (await world.repo(repo))["refetch"]
    await pool.execute("UPDATE repo SET state = 'synced', refetch = false")
    await pool.execute("UPDATE identity SET stale = true")
    world.commit(*(repo.write((A, record(title=str(n)))) for n in range(4)))
    await world.write()
    assert await world.held() == 0
    assert (await world.repo(repo))["state"] == "desynchronized"


async def test_more_bytes_than_may_wait_mean_another_fetch(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo, buffered_bytes=5_000)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    world.commit(repo.write((A, record())))
    await world.write()
    assert await world.held() == 1
    world.commit(repo.write((A, record(description="x" * 5_000))))
    await world.write()
    assert await world.held() == 0
    assert (await world.repo(repo))["refetch"]


async def test_an_account_is_one_however_its_did_is_written(pool: Pool) -> None:
    """Each of event and commit may escape its port in one of two ways."""
    repo = Repo(did="did:web:localhost%3A80")
    world = await started(pool, repo)
    repo.did = "did:web:localhost%3a80"
    world.commit(repo.write((A, record())))
    await world.write()
    interest = Interest(frozenset(), world.tracked)
    assert concerns(read(frame("#account", {"seq": 1, "did": repo.did, "active": True})), interest)
    assert set(await world.records()) == {A}
    assert await pool.fetchval("SELECT count(*) FROM account") == 1


async def test_a_gap_in_the_chain_desynchronizes_and_later_events_wait(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    repo.write((A, record()))
    world.commit(repo.write((B, record())), repo.write((B, None)))
    await world.write()
    row = await world.repo(repo)
    assert row["state"] == "desynchronized"
    assert row["last_error"].startswith("since_mismatch")
    assert await world.held() == 1
    assert "sync" in world.wakes


async def test_a_repo_that_asks_for_too_many_resyncs_waits_for_the_next_hour(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    for count in range(1, 5):
        await world.settle(repo)
        await pool.execute("DELETE FROM buffered_event")
        repo.write((A, record(title=f"missed {count}")))
        world.commit(repo.write((B, record(title=str(count)))))
        await world.write()
        row = await world.repo(repo)
        assert row["resyncs"] == count
        waits = row["next_attempt_at"] - datetime.now(UTC)
        assert (waits > timedelta(minutes=50)) is (count == 4)


async def test_an_account_that_comes_back_too_often_shows_at_once_and_is_fetched_in_the_next_hour(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    for count in range(1, 5):
        world.account(repo.did, active=False, status="deactivated")
        world.account(repo.did, active=True)
        await world.write()
        row = await world.repo(repo)
        assert (row["active"], row["state"], row["priority"]) == (True, "pending", 10)
        waits = row["next_attempt_at"] - datetime.now(UTC)
        assert (waits > timedelta(minutes=50)) is (count == 4)


async def test_a_signature_that_does_not_verify_asks_for_the_identity_again_and_the_event_waits(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    rotated = PrivateKey.generate("p256", b"rotated")
    world.commit(repo.write((A, record()), key=rotated))
    await world.write()
    row = await world.repo(repo)
    assert row["stale"]
    assert row["check_at"] > datetime.now(UTC) + timedelta(seconds=5), "not at once after the last resolution"
    assert "identity" in world.wakes
    assert await world.held() == 1
    repo.key = rotated
    await pool.execute(
        "UPDATE identity SET stale = false, resolved_at = now(), signing_key = $1", rotated.public.did_key()
    )
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert set(await world.records()) == {A}


async def test_a_commit_with_a_wrong_signature_is_rejected_after_one_refresh(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    before = await world.repo(repo)
    world.commit(repo.write((A, record()), key=PrivateKey.generate("k256", b"a stranger")))
    await world.write()
    await pool.execute("UPDATE identity SET stale = false, resolved_at = now()")
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    after = await world.repo(repo)
    assert await world.records() == {}
    assert await world.held() == 0
    assert (after["state"], after["rev"], after["data"]) == ("synced", before["rev"], before["data"])
    assert after["last_error"].startswith("signature_invalid")


async def test_what_was_wrong_with_a_repo_is_forgotten_with_its_next_good_commit(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE identity SET resolved_at = now() + interval '1 minute'")
    liar = replace(repo, records=dict(repo.records), key=PrivateKey.generate("k256", b"a stranger"))
    lie = liar.write((A, record()))
    world.commit(lie)
    await world.write()
    assert (await world.repo(repo))["last_error"].startswith("signature_invalid")
    world.commit(lie, repo.write((A, record())))
    await world.write()
    assert (await world.repo(repo))["last_error"] is None
    assert await world.records() == held_by(repo)


async def failed(world: World) -> None:
    """The repo could not be fetched, and would be tried again much later."""
    await world.pool.execute(
        "UPDATE repo SET state = 'error', next_attempt_at = now() + interval '55 minutes', attempts = 9"
    )


async def test_a_commit_of_an_account_whose_repo_could_not_be_fetched_has_it_tried_now(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    for hurries in (True, True, True, False):
        await failed(world)
        world.wakes.clear()
        world.commit(repo.write((A, record())))
        await world.write()
        assert ((await world.repo(repo))["next_attempt_at"] <= datetime.now(UTC)) is hurries
        assert "sync" in world.wakes
    assert await world.held() == 4


async def test_a_stranger_s_commit_has_no_repo_tried_but_its_identity_asked_for(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await failed(world)
    world.commit(repo.write((A, record()), key=PrivateKey.generate("p256", b"moved")))
    await world.write()
    row = await world.repo(repo)
    assert row["next_attempt_at"] > datetime.now(UTC) + timedelta(minutes=50)
    assert row["stale"]
    assert world.wakes == ["identity"]
    assert await world.held() == 1


async def test_a_commit_of_a_deactivated_account_is_not_applied(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((A, record())))
    world.account(repo.did, active=False, status="deactivated")
    world.commit(repo.write((B, record())))
    await world.write()
    assert set(await world.records()) == {A}
    row = await world.repo(repo)
    assert (row["active"], row["state"]) == (False, "inactive")
    assert await world.held() == 0


async def test_a_deleted_account_leaves_nothing_and_a_replay_does_not_bring_it_back(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    create = repo.write((A, record()))
    world.commit(create)
    world.account(repo.did, active=False, status="deleted")
    world.commit(create)
    await world.write()
    world.commit(create, repo.write((B, record())))
    await world.write()
    assert await world.records() == {}
    assert await world.held() == 0
    assert (await world.repo(repo))["deleted"]


async def test_a_sync_event_with_another_tree_desynchronizes(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.put("#sync", repo.sync(repo.next_rev()))
    await world.write()
    assert (await world.repo(repo))["state"] == "synced"
    repo.write((A, record()))
    world.put("#sync", repo.sync())
    await world.write()
    assert (await world.repo(repo))["state"] == "desynchronized"


@pytest.mark.parametrize("state", ["pending", "syncing", "desynchronized", "error"])
@pytest.mark.parametrize("fetched_before", [True, False])
async def test_a_sync_event_counts_in_every_state(pool: Pool, state: str, fetched_before: bool) -> None:
    """It waits, and has the repo fetched again when what was fetched meanwhile is not what it names."""
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE repo SET state = $1", state)
    before = repo.rev, repo.data
    repo.write((A, record()))
    world.put("#sync", repo.sync())
    await world.write()
    assert (await world.repo(repo))["state"] == state
    assert await world.held() == 1
    rev, data = before if fetched_before else (repo.rev, repo.data)
    assert data is not None
    await pool.execute("UPDATE repo SET state = 'synced', rev = $1, data = $2", rev, bytes(data))
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert (await world.repo(repo))["state"] == ("desynchronized" if fetched_before else "synced")
    assert await world.held() == 0


async def test_after_a_sync_event_with_the_same_tree_the_next_commit_chains(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    rev = repo.next_rev()
    world.put("#sync", repo.sync(rev))
    repo.rev = rev
    world.commit(repo.write((A, record())))
    await world.write()
    assert set(await world.records()) == {A}
