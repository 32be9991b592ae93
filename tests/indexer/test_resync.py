"""Repos from their hosts to the tables: exact, under leases, and without holding up each other."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from indexer import resync
from protocol.crypto import PrivateKey
from tests.indexer.network import Parts, at_work, eventually, held, made, running
from tests.indexer.repos import encode, frame, record
from tests.indexer.verifying import without

TRACK, OTHER = "fm.plyr.track/3aaaaaaaaaa2a", "fm.plyr.track/3aaaaaaaaaa2b"
IMPOSTOR = PrivateKey.generate("k256", b"impostor")


def tracks(count: int, text: str = "x") -> list[tuple[str, Any]]:
    return [(f"fm.plyr.track/3aaaaaaa{number:05}", record(title=f"{text} {number}")) for number in range(count)]


async def buffer(parts: Parts, did: str, *bodies: dict[str, Any]) -> None:
    """What the pipeline does with events of a repo that is not settled."""
    for body in bodies:
        kind = "#commit" if "ops" in body else "#sync"
        await parts.pool.execute(
            "INSERT INTO buffered_event (account_id, source, seq, frame, received_at)"
            " SELECT id, 'wss://relay.example.com', $2, $3, $4 FROM account WHERE did = $1",
            did,
            body["seq"],
            frame(kind, body),
            datetime.now(UTC),
        )


async def test_a_repo_seen_for_the_first_time_is_stored_whole_at_once_without_waiting_for_a_poll(
    tmp_path, net, pool
) -> None:
    repo = net.repo(
        (TRACK, record()), (OTHER, record(title="Another")), ("app.bsky.feed.post/3a", {"text": "not ours"})
    )
    async with running(tmp_path, net, pool, sync_poll=600.0) as parts:
        await asyncio.sleep(0.1)
        await parts.track(repo.did)
        row = await parts.reaches(repo.did, "synced")
        stored = await parts.records(repo.did)
    assert stored == {path: value for path, value in held(repo).items() if path.startswith("fm.plyr.")}
    assert (row["rev"], row["data"], row["attempts"], row["last_error"]) == (repo.rev, bytes(repo.data), 0, None)
    assert net.pds.fetched(repo.did) == 1


async def test_an_empty_repo_is_synced_too(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()), (TRACK, None))
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        assert (await parts.reaches(repo.did, "synced"))["rev"] == repo.rev
        assert await parts.records(repo.did) == {}


async def test_a_resync_writes_what_changed_and_deletes_what_is_gone(tmp_path, net, pool) -> None:
    repo = net.repo(*tracks(20))
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        first = await pool.fetch("SELECT rkey, indexed_at, rev FROM record")
        kept, changed, gone = (f"fm.plyr.track/3aaaaaaa{number:05}" for number in (1, 2, 3))
        repo.write((changed, record(title="Changed")), (gone, None), (OTHER, record(title="New")))
        await parts.desynchronize(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        assert gone not in await parts.records(repo.did)
        second = {row["rkey"]: row for row in await pool.fetch("SELECT rkey, indexed_at, rev FROM record")}
    before = {row["rkey"]: row for row in first}
    assert second[kept.split("/")[1]] == before[kept.split("/")[1]], "what did not change is not written"
    assert second[changed.split("/")[1]]["rev"] == repo.rev
    assert second[changed.split("/")[1]]["indexed_at"] == before[changed.split("/")[1]]["indexed_at"]
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 20


@pytest.mark.parametrize("small", [True, False])
async def test_a_large_repo_is_compared_in_another_process_and_written_in_portions(
    tmp_path, net, pool, small: bool, monkeypatch
) -> None:
    repo = net.repo(*tracks(60 if small else 1_200))
    assert (len(repo.export()) <= 65_536) is small
    async with running(tmp_path, net, pool, sync_chunk=100) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        repo.write(*((path, None) for path in list(repo.records)[:50]), (TRACK, record(title="New")))
        await parts.desynchronize(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_repo_that_changes_during_the_fetch_ends_at_its_last_commit(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))

    async def go_on(did: str) -> None:
        await buffer(parts, did, repo.write((OTHER, record(title="Meanwhile"))), repo.write((TRACK, None)))

    async with running(tmp_path, net, pool) as parts:
        net.pds.before = go_on
        await parts.track(repo.did)
        row = await parts.reaches(repo.did, "synced")
        assert row["rev"] == repo.rev
        assert await parts.records(repo.did) == held(repo)
        assert await pool.fetchval("SELECT count(*) FROM buffered_event") == 0
    assert net.pds.fetched(repo.did) == 1


async def test_a_repo_that_is_torn_by_a_change_during_the_fetch_is_fetched_again_soon(tmp_path, net, pool) -> None:
    """A host may read the blocks after the root, and what was the tree then is not there any more."""
    repo = net.repo((TRACK, record()))
    torn = without(repo.export(), repo.data)
    repo.export = lambda: torn  # type: ignore[method-assign]

    async def go_on(did: str) -> None:
        net.pds.before = None
        del repo.export
        await buffer(parts, did, repo.write((OTHER, record(title="Meanwhile"))))

    async with running(tmp_path, net, pool, sync_retry_min=600.0) as parts:
        net.pds.before = go_on
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
    assert net.pds.fetched(repo.did) == 2


async def test_events_that_the_fetched_repo_has_already_are_not_applied_again(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        later = repo.write((OTHER, record())), repo.write((OTHER, None))
        await buffer(parts, repo.did, *later)
        row = await parts.reaches(repo.did, "synced")
        assert (row["rev"], await parts.records(repo.did)) == (repo.rev, held(repo))


async def test_an_event_that_does_not_chain_has_the_repo_fetched_again(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))

    async def skip_one(did: str) -> None:
        net.pds.before = None
        repo.write((OTHER, record(title="Lost")))
        await buffer(parts, did, repo.write((TRACK, record(title="Later"))))

    async with running(tmp_path, net, pool) as parts:
        net.pds.before = skip_one
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        await eventually(lambda: is_whole(parts, repo), "the repo is whole")
        assert (await parts.repo(repo.did))["rev"] == repo.rev
    assert net.pds.fetched(repo.did) == 2


async def is_whole(parts: Parts, repo) -> bool:
    return await parts.records(repo.did) == held(repo)


async def test_what_did_not_fit_behind_a_sync_is_fetched_again(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))

    async def overflow(_: str) -> None:
        net.pds.before = None
        repo.write((OTHER, record()))
        await pool.execute("UPDATE repo SET refetch = true WHERE state = 'syncing'")

    async with running(tmp_path, net, pool) as parts:
        net.pds.before = overflow
        await parts.track(repo.did)
        await eventually(lambda: is_whole(parts, repo), "the repo is whole")
        row = await parts.reaches(repo.did, "synced")
        assert (row["rev"], row["refetch"]) == (repo.rev, False)


@pytest.mark.parametrize(
    ("lost", "state"),
    [
        ("lease = lease + 1", "syncing"),  # it lapsed, and somebody else works on it
        ("state = 'pending', next_attempt_at = now() + interval '1 hour'", "pending"),  # it lapsed, and waits
    ],
)
async def test_a_worker_whose_lease_was_lost_writes_nothing(tmp_path, net, pool, lost, state) -> None:
    repo = net.repo((TRACK, record()))
    gate = asyncio.Event()

    async def lose(_: str) -> None:
        await pool.execute("UPDATE repo SET " + lost)
        gate.set()

    async with running(tmp_path, net, pool) as parts:
        net.pds.before = lose
        await parts.track(repo.did)
        await gate.wait()
        await eventually(lambda: is_idle(parts), "the worker has seen that its lease is lost")
        assert await parts.records(repo.did) == {}
        row = await parts.repo(repo.did)
        assert (row["state"], row["rev"]) == (state, None)


async def is_idle(parts: Parts) -> bool:
    return all(task.done() for task in parts.workers._crew._tasks)


async def test_a_repo_whose_worker_died_is_taken_over_when_its_lease_has_lapsed(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool, sync_lease=1.5) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        await pool.execute("UPDATE repo SET state = 'syncing', lease = 77, lease_until = now() + interval '0.5 s'")
        row = await parts.reaches(repo.did, "synced")
        assert row["lease"] == 78


@pytest.mark.parametrize(("deaths", "waits"), [(1, False), (2, False), (3, True)])
async def test_a_repo_with_which_workers_die_is_tried_again_at_once_but_not_for_ever(
    tmp_path, net, pool, deaths: int, waits: bool
) -> None:
    repo = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool, sync_lease=1.5) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        lapsed = "UPDATE repo SET state = 'syncing', attempts = $1, lease_until = now() - interval '1 s'"
        await pool.execute(lapsed, deaths - 1)
        row = await parts.reaches(repo.did, "pending" if waits else "synced")
        assert row["attempts"] == (deaths if waits else 0)
        assert (row["next_attempt_at"] > datetime.now(UTC)) is waits


async def test_a_lease_is_renewed_while_the_work_goes_on(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))

    async def slowly(_: str) -> None:
        await asyncio.sleep(2.5)

    async with running(tmp_path, net, pool, sync_lease=1.1) as parts:
        net.pds.before = slowly
        await parts.track(repo.did)
        assert (await parts.reaches(repo.did, "synced"))["lease"] == 1
    assert net.pds.fetched(repo.did) == 1


async def test_a_worker_that_stops_gives_its_repos_back(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    begun = asyncio.Event()

    async def hang(_: str) -> None:
        begun.set()
        await asyncio.sleep(60)

    net.pds.before = hang
    async with running(tmp_path, net, pool, sync_lease=600.0) as parts:
        await parts.track(repo.did)
        await begun.wait()
    row = await parts.repo(repo.did)
    assert (row["state"], row["attempts"], row["lease_until"]) == ("pending", 0, None)
    net.pds.before = None
    async with running(tmp_path, net, pool, sync_lease=600.0) as parts:
        await parts.reaches(repo.did, "synced")


async def test_two_processes_share_the_queue_and_no_repo_is_fetched_twice(tmp_path, net, pool) -> None:
    repos = [net.repo((TRACK, record(title=str(number)))) for number in range(40)]
    async with made(tmp_path, net, pool) as one, made(tmp_path, net, pool) as two:
        async with at_work(one.workers, one.identities, two.workers, two.identities):
            await one.track(*(repo.did for repo in repos), priority=0)
            for repo in repos:
                await one.reaches(repo.did, "synced")
        for repo in repos:
            assert await one.records(repo.did) == held(repo)
    assert all(net.pds.fetched(repo.did) == 1 for repo in repos)


async def test_what_was_seen_live_goes_before_what_discovery_found(tmp_path, net, pool) -> None:
    order: list[str] = []

    async def note(did: str) -> None:
        order.append(did)

    net.pds.before = note
    found = [net.repo((TRACK, record())) for _ in range(5)]
    live = net.repo((TRACK, record()))
    async with made(tmp_path, net, pool, sync_workers=1) as parts:
        await parts.track(*(repo.did for repo in found), priority=0)
        await parts.track(live.did)
        async with at_work(parts.identities):
            await eventually(lambda: all_resolved(parts), "all are resolved")
        async with at_work(parts.workers):
            await parts.reaches(found[-1].did, "synced")
    assert order[0] == live.did


async def all_resolved(parts: Parts) -> bool:
    return not await parts.pool.fetchval("SELECT EXISTS (SELECT FROM identity WHERE stale)")


async def test_a_repo_below_the_stored_rev_changes_nothing(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    old = repo.export()
    async with running(tmp_path, net, pool) as parts:
        repo.write((OTHER, record()))
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        repo.export = lambda: old  # type: ignore[method-assign]
        await parts.desynchronize(repo.did)
        row = await parts.reaches(repo.did, "error")
        assert row["last_error"].startswith("replay")
        assert await parts.records(repo.did) == held(repo)


async def test_a_repo_signed_by_somebody_else_is_refused_after_the_key_was_asked_for_again(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    repo.key, honest = IMPOSTOR, repo.key
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        row = await parts.reaches(repo.did, "error")
        assert row["last_error"].startswith("signature_invalid")
        assert await parts.records(repo.did) == {}
        repo.key = honest
        await parts.due(repo.did)
        await parts.reaches(repo.did, "synced")


async def test_a_key_that_was_replaced_is_found_without_an_event(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        await pool.execute("UPDATE identity SET resolved_at = now() - interval '1 hour'")
        repo.key = PrivateKey.generate("p256", b"new")
        net.register(repo)
        repo.write((OTHER, record()))
        await parts.desynchronize(repo.did)
        await eventually(lambda: is_whole(parts, repo), "the new key is used")
        assert (await parts.reaches(repo.did, "synced"))["attempts"] == 0


@pytest.mark.parametrize(("fault", "state"), [("signature", "error"), ("RepoNotFound", "inactive")])
async def test_a_repo_in_doubt_is_put_back_once_however_long_its_host_is_busy_then(
    tmp_path, net, pool, monkeypatch, fault, state
) -> None:
    """Each claim comes so late that no resolution is new any more."""
    monkeypatch.setattr(resync, "FRESH_SECONDS", 0.0)
    repo = net.repo((TRACK, record()))
    async with running(tmp_path, net, pool, identity_refresh_min=0.0) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        if fault == "signature":
            repo.key = IMPOSTOR
            repo.write((OTHER, record()))
        else:
            del net.pds.repos[repo.did]
        before = net.pds.fetched(repo.did)
        await parts.desynchronize(repo.did)
        await parts.reaches(repo.did, state)
        assert net.pds.fetched(repo.did) == before + 2


async def test_a_record_that_can_not_be_shown_does_not_stop_the_repo(tmp_path, net, pool) -> None:
    repo = net.repo(
        (TRACK, record(title="nul \x00 in it")), (OTHER, encode([1, 2])), ("fm.plyr.track/my:weird_key-1.~", record())
    )
    async with running(tmp_path, net, pool) as parts:
        await parts.track(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)
        assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 1
