"""Identities of tracked accounts: keys, hosts and handles, and who has which."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from indexer import identities
from indexer.accounts import set_status
from protocol.crypto import PrivateKey
from protocol.identity import DidDocument
from runtime.db import Pool
from tests.indexer.network import Network, Parts, at_work, eventually, held, made, running, second_pds
from tests.indexer.repos import Repo, frame, record

TRACK, OTHER = "fm.plyr.track/3aaaaaaaaaa2a", "fm.plyr.track/3aaaaaaaaaa2b"
ALICE = "alice.example.com"


@pytest.fixture
async def parts(tmp_path, net: Network, pool: Pool) -> AsyncGenerator[Parts]:
    async with running(tmp_path, net, pool, handle_recheck=0.3) as parts:
        yield parts


async def synced(parts: Parts, net: Network, handle: str | None = None) -> Repo:
    repo = net.repo((TRACK, record()))
    net.register(repo, handle=handle)
    await parts.track(repo.did)
    await parts.reaches(repo.did, "synced")
    return repo


async def renew(parts: Parts, did: str) -> None:
    """An `#identity`, as the pipeline hands it on, and its end."""
    await parts.pool.execute(
        "UPDATE identity SET stale = true, check_at = now(), attempts = 0"
        " WHERE account_id = (SELECT id FROM account WHERE did = $1)",
        did,
    )
    parts.identities.wake()
    await eventually(lambda: is_settled(parts, did), "the identity is current")


async def buffered(pool: Pool, repo: Repo, body: dict[str, Any]) -> None:
    """A commit that waits, as the pipeline leaves it."""
    await pool.execute(
        "INSERT INTO buffered_event (account_id, source, seq, frame, received_at)"
        " SELECT id, 'wss://relay.example.com', 9, $2, $3 FROM account WHERE did = $1",
        repo.did,
        frame("#commit", body),
        datetime.now(UTC),
    )


async def is_settled(parts: Parts, did: str) -> bool:
    return not (await parts.identity(did))["stale"]


async def shows(parts: Parts, did: str, handle: str) -> None:
    async def there() -> bool:
        return await parts.pool.fetchval("SELECT handle FROM visible_account WHERE did = $1", did) == handle

    await eventually(there, f"{did} shows as {handle}")


async def test_a_handle_shows_when_it_leads_back(parts, net) -> None:
    net.resolves(ALICE, "did:plc:aaaaaaaaaaaaaaaaaaaaaaab")
    repo = await synced(parts, net, ALICE)
    await shows(parts, repo.did, ALICE)


async def test_a_handle_that_leads_elsewhere_does_not_show_until_it_leads_back(parts, net) -> None:
    net.resolves(ALICE, "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz")
    repo = await synced(parts, net, ALICE)
    await asyncio.sleep(0.1)
    await shows(parts, repo.did, "handle.invalid")
    net.resolves(ALICE, repo.did)
    await shows(parts, repo.did, ALICE)


async def test_a_handle_of_which_nothing_can_be_told_goes_on_to_show_and_a_new_one_does_not(parts, net) -> None:
    repo = net.repo((TRACK, record()))
    net.resolves(ALICE, repo.did)
    net.register(repo, handle=ALICE)
    await parts.track(repo.did)
    await shows(parts, repo.did, ALICE)
    net.names.broken |= {f"_atproto.{ALICE}", ALICE, "_atproto.new.example.com", "new.example.com"}
    await renew(parts, repo.did)
    await asyncio.sleep(0.2)
    await shows(parts, repo.did, ALICE)
    net.register(repo, handle="new.example.com")
    await renew(parts, repo.did)
    await asyncio.sleep(0.2)
    await shows(parts, repo.did, "handle.invalid")


async def test_a_handle_that_ceases_to_lead_back_ceases_to_show(parts, net) -> None:
    repo = net.repo((TRACK, record()))
    net.resolves(ALICE, repo.did)
    net.register(repo, handle=ALICE)
    await parts.track(repo.did)
    await shows(parts, repo.did, ALICE)
    net.resolves(ALICE, None)
    net.names.known.pop(ALICE, None)
    await renew(parts, repo.did)
    await shows(parts, repo.did, "handle.invalid")


async def test_two_accounts_never_show_one_handle_and_the_one_it_leads_to_has_it(parts, net) -> None:
    first = net.repo((TRACK, record()))
    net.resolves(ALICE, first.did)
    net.register(first, handle=ALICE)
    await parts.track(first.did)
    await shows(parts, first.did, ALICE)
    second = net.repo((TRACK, record()))
    net.register(second, handle=ALICE)
    net.resolves(ALICE, second.did)
    await parts.track(second.did)
    await shows(parts, second.did, ALICE)
    await shows(parts, first.did, "handle.invalid")
    net.register(first, handle="first.example.com")
    net.resolves("first.example.com", first.did)
    await renew(parts, first.did)
    await shows(parts, first.did, "first.example.com")
    await shows(parts, second.did, ALICE)


async def test_many_claimants_at_one_moment_leave_one_holder_and_no_error(parts, net, pool) -> None:
    repos = [net.repo((TRACK, record())) for _ in range(8)]

    async def everybody(_: str) -> list[str]:
        return [f"did={next(turn)}"]

    turn = iter([repo.did for repo in repos] * 1_000)
    net.names.texts = everybody
    for repo in repos:
        net.register(repo, handle=ALICE)
    await parts.track(*(repo.did for repo in repos))
    await asyncio.sleep(1.0)
    assert await pool.fetchval("SELECT count(*) FROM identity WHERE handle_valid") <= 1


async def test_a_new_key_and_a_new_host_count_from_the_next_event_on(parts, net, pool) -> None:
    repo = await synced(parts, net)
    async with second_pds() as new_home:
        new_home.repos[repo.did] = repo
        repo.key = PrivateKey.generate("p256", b"moved")
        net.register(repo, new_home)
        await renew(parts, repo.did)
        identity = await parts.identity(repo.did)
        assert identity["pds"] == new_home.host.origin
        assert identity["signing_key"] == repo.key.public.did_key()


async def test_events_that_waited_for_a_key_have_their_effect_once_it_is_known(parts, net, pool) -> None:
    repo = await synced(parts, net)
    repo.key = PrivateKey.generate("k256", b"rotated")
    net.register(repo)
    await pool.execute("UPDATE identity SET stale = true")
    await buffered(pool, repo, repo.write((OTHER, record(title="Under the new key"))))
    parts.identities.wake()

    async def whole() -> bool:
        return await parts.records(repo.did) == held(repo)

    await eventually(whole, "the event was applied")
    assert await pool.fetchval("SELECT count(*) FROM buffered_event") == 0
    assert (await parts.repo(repo.did))["state"] == "synced"


async def test_an_account_without_a_key_or_a_host_is_not_fetched(parts, net, pool) -> None:
    for missing in ("verificationMethod", "service"):
        repo = net.repo((TRACK, record()))
        net.register(repo, **{missing: []})
        await parts.track(repo.did)
        await eventually(lambda did=repo.did: is_unusable(parts, did), "the document was read")
        assert (await parts.repo(repo.did))["state"] == "pending"
        assert net.pds.fetched(repo.did) == 0


async def is_unusable(parts: Parts, did: str) -> bool:
    return "names no PDS, or no signing key" in ((await parts.repo(did))["last_error"] or "")


async def test_a_document_without_a_key_or_a_host_is_read_again_until_it_has_both(parts, net, pool) -> None:
    repos = [net.repo((TRACK, record())) for _ in range(2)]
    for repo, missing in zip(repos, ("verificationMethod", "service"), strict=True):
        net.register(repo, **{missing: []})
        await parts.track(repo.did)
        await eventually(lambda did=repo.did: is_unusable(parts, did), "the document was read")
        assert (await parts.identity(repo.did))["attempts"] >= 1
        net.register(repo)
        await parts.reaches(repo.did, "synced")
        row = await parts.identity(repo.did)
        assert (row["stale"], row["attempts"]) == (False, 0)


async def test_what_comes_while_a_document_has_no_key_has_its_effect_once_it_has_one(parts, net, pool) -> None:
    repo = await synced(parts, net)
    net.register(repo, verificationMethod=[])
    await pool.execute("UPDATE identity SET stale = true, check_at = now()")
    parts.identities.wake()
    await eventually(lambda: is_unusable(parts, repo.did), "the document was read")
    await buffered(pool, repo, repo.write((OTHER, record(title="Without a key"))))
    net.register(repo)

    async def whole() -> bool:
        return await parts.records(repo.did) == held(repo)

    await eventually(whole, "the event was applied")
    assert net.pds.fetched(repo.did) == 1


async def test_a_repo_that_its_old_key_could_not_prove_is_fetched_at_once_when_there_is_another(
    parts, net, pool
) -> None:
    repo = net.repo((TRACK, record()))
    wrong = PrivateKey.generate("k256", b"wrong")
    right, repo.key = repo.key, wrong
    net.register(repo)
    repo.key = right
    await parts.track(repo.did)
    row = await parts.reaches(repo.did, "error")
    assert row["last_error"].startswith("signature_invalid")
    assert row["next_attempt_at"] > datetime.now(UTC) + timedelta(seconds=30)
    net.register(repo)
    await renew(parts, repo.did)
    assert (await parts.reaches(repo.did, "synced"))["last_error"] is None


async def test_a_tombstoned_account_is_gone(parts, net, pool) -> None:
    repo = await synced(parts, net)
    net.plc.says(f"/{repo.did}", {"message": "tombstoned"}, status=410)
    await renew(parts, repo.did)
    assert (await parts.account(repo.did))["deleted"]
    assert await parts.records(repo.did) == {}


async def test_a_tombstone_outweighs_what_was_reported_while_the_directory_was_asked(parts, net, pool) -> None:
    repo = await synced(parts, net)

    async def gone(_: web.Request) -> web.Response:
        await pool.execute("UPDATE account SET status_at = now()")
        return web.json_response({"message": "tombstoned"}, status=410)

    net.plc.on(f"/{repo.did}", gone)
    await renew(parts, repo.did)
    assert (await parts.account(repo.did))["deleted"]


@pytest.mark.parametrize("status", [404, 500])
async def test_a_directory_that_does_not_answer_or_does_not_know_takes_nothing_away(parts, net, pool, status) -> None:
    repo = await synced(parts, net)
    before = await parts.identity(repo.did)
    net.plc.says(f"/{repo.did}", {"message": "no"}, status=status)
    await pool.execute("UPDATE identity SET stale = true, check_at = now()")
    parts.identities.wake()

    async def tried() -> bool:
        return (await parts.identity(repo.did))["attempts"] == 1

    await eventually(tried, "it was tried")
    after = await parts.identity(repo.did)
    assert after["stale"]
    assert [after[name] for name in ("pds", "signing_key", "handle")] == [
        before[name] for name in ("pds", "signing_key", "handle")
    ]
    assert await parts.records(repo.did) == held(repo)
    net.register(repo)
    await eventually(lambda: is_settled(parts, repo.did), "it recovers by itself")


async def test_an_identity_that_changes_while_it_is_resolved_is_resolved_again(tmp_path, net, pool) -> None:
    repo = net.repo((TRACK, record()))
    net.register(repo, handle="old.example.com")
    async with made(tmp_path, net, pool) as parts:
        asked = parts.directory.resolve
        calls: list[str] = []

        async def changes_meanwhile(did: Any, *, refresh: bool = False) -> DidDocument:
            found = await asked(did, refresh=refresh)
            calls.append(str(found.handle))
            if len(calls) == 1:
                net.register(repo, handle="new.example.com")
                await pool.execute("UPDATE identity SET stale = true, check_at = now()")
            return found

        parts.directory.resolve = changes_meanwhile  # type: ignore[method-assign]
        async with at_work(parts.identities):
            await parts.track(repo.did)

            async def renewed() -> bool:
                row = await parts.identity(repo.did)
                return row["handle"] == "new.example.com" and not row["stale"]

            await eventually(renewed, "the second document is the one that stays")
    assert calls == ["old.example.com", "new.example.com"]


async def test_two_processes_do_not_void_each_other_s_claims_however_slow_the_directory(
    tmp_path, net, pool, monkeypatch
) -> None:
    """An answer takes longer than a claim lasts without being renewed; one process of the two asks for it, once."""
    monkeypatch.setattr(identities, "CLAIM_SECONDS", 0.4)
    repo = net.repo((TRACK, record()))
    asked: list[str] = []
    async with made(tmp_path, net, pool) as parts, made(tmp_path, net, pool) as others:
        for each in (parts, others):

            async def slow(did: Any, *, refresh: bool = False, resolve: Any = each.directory.resolve) -> DidDocument:
                asked.append(did)
                await asyncio.sleep(1.5)
                return await resolve(did, refresh=refresh)

            each.directory.resolve = slow  # type: ignore[method-assign]
        async with at_work(parts.identities, others.identities):
            await parts.track(repo.did)
            await eventually(lambda: is_settled(parts, repo.did), "the identity is current")
    assert asked == [repo.did]


async def test_a_slow_handle_does_not_delay_the_repo(tmp_path, net, pool) -> None:
    async def never(_: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    net.names.texts = never
    async with running(tmp_path, net, pool, plc_concurrency=1) as parts:
        for number in range(3):
            repo = net.repo((TRACK, record()))
            net.register(repo, handle=f"slow{number}.example.com")
            await parts.track(repo.did)
            await parts.reaches(repo.did, "synced")


async def test_slow_hosts_of_did_web_do_not_delay_the_directory(tmp_path, net, pool) -> None:
    async with made(tmp_path, net, pool, plc_concurrency=4) as parts:
        asked = parts.directory.resolve

        async def slow_web(did: Any, *, refresh: bool = False) -> DidDocument:
            if did.startswith("did:web:"):
                await asyncio.sleep(60)
            return await asked(did, refresh=refresh)

        parts.directory.resolve = slow_web  # type: ignore[method-assign]
        async with at_work(parts.identities, parts.workers):
            for number in range(20):
                await parts.track(f"did:web:slow{number}.example.com")
                await asyncio.sleep(0.01)
            repo = net.repo((TRACK, record()))
            await parts.track(repo.did)
            await parts.reaches(repo.did, "synced")


async def test_a_did_web_account_is_followed(parts, net, pool) -> None:
    port = net.plc.origin.rsplit(":", 1)[1]
    repo = Repo(did=f"did:web:localhost%3A{port}")
    repo.write((TRACK, record()))
    net.pds.repos[repo.did] = repo
    net.register(repo)
    net.plc.routes["/.well-known/did.json"] = net.plc.routes[f"/{repo.did}"]
    await parts.track(repo.did)
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)


async def test_a_deletion_counts_though_a_host_that_may_be_a_former_one_was_asked_since(parts, net, pool) -> None:
    repo = await synced(parts, net)
    moments: list[datetime] = []

    async def asked(_: str) -> None:
        moments.append(datetime.now(UTC))

    net.pds.before_status = asked
    net.pds.errors[repo.did] = 400, "RepoDeactivated"
    net.pds.statuses[repo.did] = {"active": False, "status": "deactivated"}
    await parts.desynchronize(repo.did)
    await parts.reaches(repo.did, "inactive")
    account_id = (await parts.account(repo.did))["id"]
    async with pool.acquire() as connection, connection.transaction():
        await set_status(connection, account_id, False, "deleted", moments[0] - timedelta(seconds=1), parts.rules.pace)
    assert (await parts.account(repo.did))["deleted"]
    assert await parts.records(repo.did) == {}
