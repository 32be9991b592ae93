"""Repos compared with the index on a small network: each kind of difference by name, and none where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from indexer import audit, repair
from indexer.audit import Auditor, Report
from indexer.namespaces import wire_names
from indexer.service import verify_limits
from protocol.crypto import PrivateKey
from protocol.syntax import Did
from runtime.db import Pool
from tests.indexer.network import Network, Parts, at_work, eventually, held, made, second_pds
from tests.indexer.repos import Repo, encode, record

A, B, C = (f"fm.plyr.track/3kaaaaaaaaa2{letter}" for letter in "abc")


@pytest.fixture
async def parts(tmp_path: Path, net: Network, pool: Pool) -> AsyncGenerator[Parts]:
    async with made(tmp_path, net, pool, verify_pause=0.05, repo_timeout=2.0, identity_refresh_min=0.0) as found:
        yield found


async def synced(parts: Parts, *repos: Repo) -> None:
    """Indexed as they are, and nobody at work any more."""
    async with at_work(parts.workers, parts.identities):
        await parts.track(*(repo.did for repo in repos))
        for repo in repos:
            await parts.reaches(repo.did, "synced")


async def compared(parts: Parts, *repos: Repo, tries: int = 1, **changes: Any) -> list[Report]:
    settings = parts.settings.model_copy(update=changes)
    limits = verify_limits(settings, wire_names(settings.collections, settings.namespace))
    reports: list[Report] = []
    subjects = audit.named(parts.pool, [Did(repo.did) for repo in repos]) if repos else audit.everybody(parts.pool)
    await Auditor(settings, parts.pool, parts.fetcher, limits, tries).run(subjects, reports.append)
    return reports


async def only(parts: Parts, repo: Repo, **options: Any) -> Report:
    (report,) = await compared(parts, repo, **options)
    return report


def found(report: Report) -> list[tuple[str, str]]:
    return sorted((finding.kind, finding.path) for finding in report.findings)


async def test_what_is_indexed_as_it_is_does_not_differ(parts: Parts, net: Network) -> None:
    repos = [net.repo((A, record()), (B, record(title="B"))) for _ in range(5)]
    await synced(parts, *repos)
    reports = await compared(parts)
    assert sorted(report.subject.did for report in reports) == sorted(repo.did for repo in repos)
    assert [(report.unchecked, report.counts) for report in reports] == [("", {})] * 5


async def test_each_difference_is_named(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()), (B, record()), (C, record(title="C")))
    await synced(parts, repo)
    await pool.execute("DELETE FROM record WHERE collection || '/' || rkey = $1", A)
    other = encode(record(title="other"))
    await pool.execute(
        "UPDATE record SET cid = $1, value = $2 WHERE collection || '/' || rkey = $3", bytes(repo.records[C]), other, B
    )
    await pool.execute(
        "INSERT INTO record SELECT account_id, collection, 'more', cid, rev, indexed_at, invalid, unsigned,"
        " value FROM record WHERE collection || '/' || rkey = $1",
        C,
    )
    report = await only(parts, repo)
    assert report.differs
    assert found(report) == [
        ("corrupt", B),
        ("different", B),
        ("extra", "fm.plyr.track/more"),
        ("missing", A),
    ]


async def test_a_head_that_is_another_is_named(parts: Parts, net: Network) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    repo.write((B, record()))
    report = await only(parts, repo)
    assert found(report) == [("head", ""), ("missing", B)]
    head = next(finding for finding in report.findings if finding.kind == "head")
    assert head.held.startswith(repo.rev or "?")
    assert not head.stored.startswith(repo.rev or "?")


async def test_the_last_commit_is_known_under_whatever_key_it_was_signed(parts: Parts, net: Network) -> None:
    """An account has moved, or has another key, and has not written since."""
    repo = net.repo((A, record()))
    last = repo.export()
    repo.export = lambda: last  # type: ignore[method-assign]
    await synced(parts, repo)
    async with second_pds() as home:
        home.repos[repo.did] = repo
        repo.key = PrivateKey.generate("p256", b"of the next host")
        net.register(repo, home)
        await resolved(parts, repo)
        report = await only(parts, repo)
        assert home.fetched(repo.did) == 1
    assert (report.unchecked, report.counts) == ("", {})


async def resolved(parts: Parts, repo: Repo) -> None:
    """Its DID document is read again."""
    await parts.pool.execute("UPDATE identity SET stale = true, check_at = now()")

    async def current() -> bool:
        return not (await parts.identity(repo.did))["stale"]

    async with at_work(parts.identities):
        await eventually(current, "the document was read")


async def test_a_host_that_is_behind_the_index_differs(parts: Parts, net: Network) -> None:
    repo = net.repo((A, record()))
    before = repo.export()
    repo.write((B, record()))
    await synced(parts, repo)
    repo.export = lambda: before  # type: ignore[method-assign]
    assert found(await only(parts, repo)) == [("extra", B), ("head", "")]


async def reads(pool: Pool, kind: str) -> None:
    """Subscribed to last is such a source."""
    await pool.execute("INSERT INTO source_cursor (source, kind, seq) VALUES ($1, $1, 1)", kind)


async def test_behind_a_jetstream_a_head_that_is_merely_newer_at_the_host_says_nothing(
    parts: Parts, net: Network, pool: Pool
) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    repo.write(("app.bsky.feed.post/3a", {"text": "not ours"}))
    await reads(pool, "relay")
    assert found(await only(parts, repo)) == [("head", "")]
    await reads(pool, "jetstream")
    before = net.pds.fetched(repo.did)
    assert (await only(parts, repo, tries=3)).counts == {}
    assert net.pds.fetched(repo.did) == before + 1, "another look would say the same"
    repo.write((B, record()))
    assert found(await only(parts, repo)) == [("head", ""), ("missing", B)]
    await pool.execute("UPDATE repo SET rev = '3zzzzzzzzzzzz'")
    repo.write((B, None))
    assert found(await only(parts, repo)) == [("head", "")], "the host is behind"


async def test_what_is_still_unconfirmed_trails_whatever_is_read_now(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    await reads(pool, "relay")
    repo.write((A, record()))
    await pool.execute("UPDATE repo SET unsigned_rev = $1, unsigned_since = now()", repo.rev)
    assert (await only(parts, repo)).counts == {}


async def test_what_changes_while_it_is_fetched_is_looked_at_again(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    looks = 0

    async def before(_: str) -> None:
        """The body was made before the change, and the index has the change when it arrives."""
        nonlocal looks
        looks += 1
        if looks == 1:
            repo.write((B, record()))
            net.pds.before = None
            async with at_work(parts.workers, parts.identities):
                await pool.execute("UPDATE repo SET state = 'pending', next_attempt_at = now()")
                parts.workers.wake()
                await parts.reaches(repo.did, "synced")
            net.pds.before = before

    net.pds.before = before
    report = await only(parts, repo, tries=3)
    assert looks == 2
    assert (report.unchecked, report.counts) == ("", {})


async def test_a_repo_that_always_changes_is_not_said_to_differ(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)

    async def before(_: str) -> None:
        await pool.execute("UPDATE repo SET rev = $1", repo.next_rev())

    net.pds.before = before
    report = await only(parts, repo, tries=2)
    assert report.unchecked == "it changes all the time"
    assert not report.differs
    assert net.pds.fetched(repo.did) == 1 + 2


async def test_a_repo_that_does_not_verify_and_one_that_its_host_disowns_differ(parts: Parts, net: Network) -> None:
    forged, gone, away = (net.repo((A, record())) for _ in range(3))
    await synced(parts, forged, gone, away)
    forged.key = PrivateKey.generate("k256", b"another")
    net.pds.errors[gone.did] = (404, "RepoNotFound")
    net.pds.errors[away.did] = (502, "")
    reports = {report.subject.did: report for report in await compared(parts, forged, gone, away)}
    assert found(reports[forged.did]) == [("refused", "")]
    assert reports[forged.did].findings[0].held.startswith("signature_invalid")
    assert found(reports[gone.did]) == [("status", "")]
    assert reports[away.did].unchecked.startswith("status 502") or "502" in reports[away.did].unchecked
    assert not reports[away.did].differs


async def test_an_inactive_account_and_an_unknown_one_are_not_compared(parts: Parts, net: Network, pool: Pool) -> None:
    repo, unknown = net.repo((A, record())), net.repo((A, record()))
    await synced(parts, repo)
    await pool.execute("UPDATE account SET active = false, status = 'takendown'")
    reports = {report.subject.did: report.unchecked for report in await compared(parts, repo, unknown)}
    assert reports == {repo.did: "the account is takendown", unknown.did: "nothing of it is indexed"}
    assert await compared(parts) == []


async def test_a_record_that_could_not_be_kept_is_no_difference(tmp_path: Path, net: Network, pool: Pool) -> None:
    async with made(tmp_path, net, pool, record_max_bytes=100_000) as parts:
        repo = net.repo((A, record(filler="x" * 200_000)), (B, record()))
        await synced(parts, repo)
        report = await only(parts, repo)
    assert (report.counts, report.set_aside, report.unchecked) == ({}, 1, "")
    (letter,) = await pool.fetch("SELECT detail, payload FROM dead_letter")
    assert letter["payload"] == repo.values[repo.records[A]][:100_001]
    assert letter["detail"] == f"{len(repo.values[repo.records[A]])} bytes, of which 100001 are kept"


async def test_so_many_findings_are_listed_and_all_are_counted(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo(*((f"fm.plyr.track/3kaaaaaaaaa{a}{b}", record()) for a in "234" for b in "abc"))
    await synced(parts, repo)
    await pool.execute("DELETE FROM record")
    report = await only(parts, repo, verify_findings=4)
    assert len(report.findings) == 4
    assert report.counts == {"missing": 9}


async def test_a_host_is_not_asked_more_than_it_takes(parts: Parts, net: Network) -> None:
    repos = [net.repo((A, record())) for _ in range(6)]
    await synced(parts, *repos)
    running = most = 0

    async def before(_: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    net.pds.before = before
    reports = await compared(parts, host_concurrency=2)
    assert len(reports) == 6
    assert most == 2


async def mend(parts: Parts, reports: list[Report]) -> int:
    settings = parts.settings
    limits = verify_limits(settings, wire_names(settings.collections, settings.namespace))
    ordered = await repair.order(parts.pool, reports)
    return await repair.work_until(settings, parts.pool, parts.fetcher, limits, ordered, lambda _: None)


async def test_a_repair_makes_the_index_what_the_hosts_have(parts: Parts, net: Network, pool: Pool) -> None:
    repo, rotated = net.repo((A, record()), (B, record()), (C, record(title="C"))), net.repo((A, record()))
    await synced(parts, repo, rotated)
    await pool.execute("DELETE FROM record WHERE collection || '/' || rkey = $1", A)
    await pool.execute(
        "UPDATE record SET value = $1 WHERE collection || '/' || rkey = $2", encode(record(title="?")), B
    )
    repo.write((C, None))
    rotated.key = PrivateKey.generate("k256", b"another")
    net.register(rotated)
    reports = await compared(parts)
    assert [report.differs for report in reports] == [True, True]
    assert await mend(parts, reports) == 0
    assert [report.counts for report in await compared(parts)] == [{}, {}]
    assert await parts.records(repo.did) == held(repo)
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 3


async def test_an_operators_repair_does_not_wait_for_the_hour_to_end(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    await pool.execute("UPDATE repo SET resyncs = 1000")
    await pool.execute("DELETE FROM record")
    assert await mend(parts, await compared(parts, repo)) == 0
    assert await parts.records(repo.did) == held(repo)


async def test_a_repair_that_cannot_be_made_is_not_waited_for(parts: Parts, net: Network, pool: Pool) -> None:
    repo = net.repo((A, record()))
    await synced(parts, repo)
    await pool.execute("DELETE FROM record")
    reports = await compared(parts, repo)
    net.pds.errors[repo.did] = (500, "")
    assert await mend(parts, reports) == 0
    assert (await parts.repo(repo.did))["state"] == "error"
