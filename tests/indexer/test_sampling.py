"""What the relay does not tell, found by asking hosts."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from indexer import metrics, resync
from indexer.asking import Asker
from indexer.heads import Heads
from indexer.inbox import Inbox, Position
from indexer.judge import Source
from indexer.limits import head_limits
from indexer.sampling import FORGETS, HOSTS, Sampler
from protocol.cbor import Cid
from protocol.syntax import Tid
from runtime.db import Pool

from .heading import LATEST, Heading
from .network import Network, Parts, at_work, held, made, network, second_pds
from .repos import Repo, record, track

RELAY = "ws://relay.test"


@dataclass
class Stage:
    net: Network
    parts: Parts
    heading: Heading
    sampler: Sampler
    turned_away: list[str] = field(default_factory=list[str])
    may_turn: bool = True

    async def synced(self, *numbers: int) -> list[Repo]:
        repos = [self.net.repo((track(number), record())) for number in numbers]
        await self.parts.track(*(repo.did for repo in repos))
        for repo in repos:
            await self.parts.reaches(repo.did, "synced")
        return repos

    def turn_away(self) -> bool:
        if self.may_turn:
            self.turned_away.append(RELAY)
        return self.may_turn

    async def live(self, repo: Repo, age: float) -> None:
        """The repo's last commit came through the stream, so many seconds after the last subscription."""
        rev = rev_of(age)
        self.heading.forged[repo.did] = {"rev": rev}
        await self.parts.pool.execute("UPDATE repo SET rev = $1, commit = NULL", rev)
        await self.parts.pool.execute("UPDATE repo SET synced_at = now() - interval '1 hour'")
        await self.parts.pool.execute("UPDATE source_cursor SET subscribed_at = now() - interval '1 hour'")

    async def writes_all_the_time(self, repo: Repo) -> None:
        """Its host has something that it has only just got, and was not asked for longest."""
        self.heading.forged[repo.did] = {"rev": rev_of(0.0), "cid": str(Cid.of_block(b"new"))}
        await self.parts.pool.execute(
            "UPDATE repo SET compared_at = now() - interval '1 day' FROM account"
            " WHERE account.id = account_id AND did = $1",
            repo.did,
        )


def rev_of(age: float) -> str:
    """A rev that was made so many seconds ago."""
    return str(Tid.from_micros(int((time.time() - age) * 1e6), 1))


@asynccontextmanager
async def sampling(folder: Path, pool: Pool, **changes: Any) -> AsyncGenerator[Stage]:
    async with network() as net, made(folder, net, pool, compare_grace=0.0, **changes) as parts:
        asker = Asker(parts.fetcher, parts.workers.hosts)
        inbox = Inbox(10, 1_000)
        await inbox.attach(Source(RELAY, is_pds=False), Position(1, None))
        await pool.execute("INSERT INTO source_cursor (source, seq, event_time) VALUES ($1, 1, now())", RELAY)
        heads = Heads(pool, asker, head_limits(parts.settings), parts.workers.wake)
        sampler = Sampler(parts.settings, pool, heads, inbox, lambda: stage.turn_away())  # noqa: PLW0108 - it is made below
        stage = Stage(net, parts, Heading(net.pds), sampler)
        metrics.lag.behind(0.0)
        metrics.lag.missing(0.0)
        async with at_work(parts.workers, parts.identities):
            yield stage


def lag() -> float:
    return next(iter(metrics.LAG.collect())).samples[0].value


def missed() -> float:
    return next(iter(metrics.MISSED.collect())).samples[0].value


async def test_what_the_relay_kept_from_us_is_fetched_and_shows_as_lag(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool) as stage:
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        before = missed()
        await stage.sampler.sample()
        assert missed() == before + 1
        assert lag() > 1_000
        await stage.parts.reaches(repo.did, "synced")
        assert await stage.parts.records(repo.did) == held(repo)


async def test_what_an_unsigned_source_conceals_is_fetched_by_turns_and_says_nothing_of_it(
    tmp_path: Path, pool: Pool
) -> None:
    """Its host may only have written what is not indexed."""
    async with sampling(tmp_path, pool, jetstream_urls=RELAY, confirm_interval=0.01, sample_blind=1) as stage:
        await stage.sampler._inbox.attach(Source(RELAY, is_pds=False, signed=False), Position(1, None))
        repos = await stage.synced(*range(1, 4))
        for number, repo in enumerate(repos):
            repo.write((track(10 + number), record()))
        before = missed()
        for _ in repos:
            await stage.sampler.sample()
        for repo in repos:
            await stage.parts.reaches(repo.did, "synced")
            assert await stage.parts.records(repo.did) == held(repo)
        assert (missed(), lag(), stage.turned_away) == (before, 0.0, [])


async def test_what_an_unsigned_source_may_still_tell_of_is_fetched_too(tmp_path: Path, pool: Pool) -> None:
    """Whoever writes all the time, and whatever is behind, has its turn as all others."""
    async with sampling(tmp_path, pool, jetstream_urls=RELAY, confirm_interval=0.01) as stage:
        await stage.sampler._inbox.attach(Source(RELAY, is_pds=False, signed=False), Position(1, None))
        await pool.execute("UPDATE source_cursor SET event_time = now() - interval '1 hour'")
        busy, other = await stage.synced(1, 2)
        await stage.writes_all_the_time(busy)
        other.write((track(3), record()))
        for repo in (busy, other):
            await stage.sampler.sample()
            await stage.parts.reaches(repo.did, "synced")
            assert stage.net.pds.fetched(repo.did) == 2
        assert await stage.parts.records(other.did) == held(other)


async def test_behind_an_unsigned_source_nobody_is_fetched_more_often_than_to_be_confirmed(
    tmp_path: Path, pool: Pool
) -> None:
    """Or those of few who write often use up what may be fetched of them in an hour."""
    async with sampling(tmp_path, pool, jetstream_urls=RELAY, confirm_interval=1_000.0) as stage:
        await stage.sampler._inbox.attach(Source(RELAY, is_pds=False, signed=False), Position(1, None))
        (busy,) = await stage.synced(1)
        await stage.writes_all_the_time(busy)
        await pool.execute("UPDATE repo SET compared_at = now()")
        for _ in range(4):
            await stage.sampler.sample()
        assert stage.net.pds.fetched(busy.did) == 1
        await pool.execute("UPDATE repo SET compared_at = now() - interval '1001 s'")
        await stage.sampler.sample()
        await stage.parts.reaches(busy.did, "synced")
        assert stage.net.pds.fetched(busy.did) == 2


async def test_who_writes_all_the_time_does_not_have_all_turns(tmp_path: Path, pool: Pool) -> None:
    """The turns are those of the repo that was not asked for longest."""
    async with sampling(tmp_path, pool, jetstream_urls=RELAY, confirm_interval=0.01, sample_delay=1_000.0) as stage:
        busy, other = await stage.synced(1, 2)
        await stage.writes_all_the_time(busy)
        other.write((track(3), record()))
        before = missed()
        await stage.sampler.sample()
        assert missed() == before
        await stage.sampler.sample()
        assert missed() == before + 1


async def test_what_may_still_come_is_not_compared_for_a_gap(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_delay=1_000.0) as stage:
        (repo,) = await stage.synced(1)
        await stage.writes_all_the_time(repo)
        await pool.execute("INSERT INTO stream_gap (source, reason) VALUES ($1, 'downtime')", RELAY)
        await stage.sampler.sample()
        assert await pool.fetchval("SELECT compared_at < noted_at FROM repo, stream_gap")


async def test_a_newer_rev_of_a_commit_that_is_here_is_not_missed(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool) as stage:
        (repo,) = await stage.synced(1)
        stored = await pool.fetchval("SELECT commit FROM repo")
        stage.heading.forged[repo.did] = {"rev": rev_of(3_000.0), "cid": str(Cid(stored))}
        before = missed()
        await stage.sampler.sample()
        assert missed() == before
        assert (await stage.parts.repo(repo.did))["state"] == "synced"


async def test_a_commit_that_may_still_come_is_not_missed(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_delay=60.0) as stage:
        (repo,) = await stage.synced(1)
        stage.heading.forged[repo.did] = {"rev": rev_of(30.0)}
        await stage.sampler.sample()
        assert lag() == 0.0
        assert (await stage.parts.repo(repo.did))["state"] == "synced"


async def test_a_stream_that_is_behind_is_not_blind(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool) as stage:
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        await pool.execute("UPDATE source_cursor SET event_time = now() - interval '1 hour'")
        await stage.sampler.sample()
        assert lag() == 0.0
        assert (await stage.parts.repo(repo.did))["state"] == "synced"


async def test_several_misses_in_a_row_turn_from_the_relay(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_blind=3, resyncs_per_hour=100) as stage:
        (repo,) = await stage.synced(1)
        for number in range(3):
            assert stage.turned_away == []
            repo.write((track(10 + number), record()))
            await stage.sampler.sample()
            await stage.parts.reaches(repo.did, "synced")
        assert stage.turned_away == [RELAY]


async def test_one_host_of_several_cannot_have_a_relay_taken_for_blind(tmp_path: Path, pool: Pool) -> None:
    """It may tell nobody of its commits; what is missed of others too, the relay keeps from us."""
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage, AsyncExitStack() as hosts:
        others, headings = list[Repo](), list[Heading]()
        for number in range(HOSTS):
            pds = await hosts.enter_async_context(second_pds())
            headings.append(Heading(pds))
            others.append(stage.net.repo((track(100 + number), record()), pds=pds))
        await stage.parts.track(*(repo.did for repo in others))
        for repo in others:
            await stage.parts.reaches(repo.did, "synced")
        (silent,) = await stage.synced(1)
        await pool.execute("UPDATE source_cursor SET subscribed_at = now() - interval '1 hour'")
        await pool.execute(
            "UPDATE repo SET rev = $1, synced_at = now() - interval '1 hour' FROM account"
            " WHERE account.id = account_id AND did <> $2",
            rev_of(1_000.0),
            silent.did,
        )
        before, number = missed(), 2
        while missed() < before + 4:
            silent.write((track(number), record()))
            number += 1
            await stage.sampler.sample()
            await stage.parts.reaches(silent.did, "synced")
        assert stage.turned_away == []
        for repo, heading in list(zip(others, headings, strict=True))[1:]:
            heading.forged[repo.did] = {"rev": rev_of(500.0), "cid": str(Cid.of_block(b"new"))}
        for _ in range(40):
            await stage.sampler.sample()
        assert stage.turned_away


@pytest.mark.parametrize("came", ["fetched", "live"])
async def test_hosts_of_which_nothing_has_come_since_do_not_speak_for_a_blind_relay(
    tmp_path: Path, pool: Pool, came: str
) -> None:
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage, second_pds() as other:
        Heading(other)
        quiet = stage.net.repo((track(100), record()), pds=other)
        await stage.parts.track(quiet.did)
        await stage.parts.reaches(quiet.did, "synced")
        (repo,) = await stage.synced(1)
        if came == "live":
            await pool.execute("UPDATE source_cursor SET subscribed_at = '2026-01-01'")
            await pool.execute("UPDATE repo SET synced_at = '2026-01-01'")
        for number in range(12):
            repo.write((track(2 + number), record()))
            await stage.sampler.sample()
            await stage.parts.reaches(repo.did, "synced")
        assert stage.turned_away


async def test_what_was_fetched_of_other_hosts_does_not_speak_for_a_blind_relay(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage, second_pds() as other:
        Heading(other)
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        await stage.sampler.sample()
        found = stage.net.repo((track(100), record()), pds=other)
        for number in range(9):
            found.write((track(200 + number), record()))
        await stage.parts.track(found.did)
        for number in range(12):
            for each in (repo, found):
                await stage.parts.reaches(each.did, "synced")
            repo.write((track(3 + number), record()))
            await stage.sampler.sample()
        assert stage.turned_away


async def test_hosts_that_are_away_do_not_speak_for_a_blind_relay(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resync, "FIRST_HOST_PAUSE", 0.0)
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage, second_pds() as away:
        (repo,) = await stage.synced(1)
        Heading(away).broken = True
        await pool.execute(MANY, away.host.origin)
        for number in range(12):
            repo.write((track(2 + number), record()))
            await stage.sampler.sample()
            await stage.parts.reaches(repo.did, "synced")
        assert stage.turned_away


async def test_a_commit_that_came_live_says_that_the_relay_sees(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage:
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        await stage.sampler.sample()
        await stage.parts.reaches(repo.did, "synced")
        assert lag() > 0
        await stage.live(repo, 10.0)
        await stage.sampler.sample()
        assert lag() == 0.0
        stage.heading.forged.clear()
        await pool.execute("UPDATE repo SET rev = '3kaaaaaaaaa2c'")
        await stage.sampler.sample()
        assert stage.turned_away == []


async def test_what_was_fetched_says_nothing_of_the_relay(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_blind=2, resyncs_per_hour=100) as stage:
        (repo,) = await stage.synced(1)
        for number in (2, 3):
            repo.write((track(number), record()))
            await stage.sampler.sample()
            await stage.parts.reaches(repo.did, "synced")
            await stage.sampler.sample()
        assert stage.turned_away == [RELAY]


async def test_what_was_missed_long_ago_is_no_lag_for_ever(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool) as stage:
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        await stage.sampler.sample()
        await stage.parts.reaches(repo.did, "synced")
        for _ in range(FORGETS - 1):
            await stage.sampler.sample()
        assert lag() > 0
        await stage.sampler.sample()
        assert lag() == 0.0


async def test_by_turns_the_longest_unasked_and_one_of_the_newest_is_asked(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool) as stage:
        repos = await stage.synced(*range(6))
        for _ in range(2 * len(repos)):
            await stage.sampler.sample()
        asked = {path.rpartition("=")[2] for path in stage.net.pds.host.asked if "getLatestCommit" in path}
        assert len(asked) == len(repos)


async def test_a_host_that_is_away_is_no_blindness(tmp_path: Path, pool: Pool) -> None:
    async with sampling(tmp_path, pool, sample_blind=1) as stage:
        (repo,) = await stage.synced(1)
        repo.write((track(2), record()))
        stage.heading.broken = True
        for _ in range(3):
            await stage.sampler.sample()
        assert stage.turned_away == []
        assert lag() == 0.0


MANY = """
WITH came AS (INSERT INTO account (did) SELECT 'did:plc:away' || n FROM generate_series(1, 200) AS n RETURNING id),
named AS (INSERT INTO identity (account_id, pds, stale) SELECT id, $1, false FROM came)
INSERT INTO repo (account_id, state, rev) SELECT id, 'synced', '3zzzzzzzzzzzz' FROM came
"""


async def test_hosts_that_are_away_leave_the_others_their_turns(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their repos are the newest, and those that were not asked for longest; they are tried now and then."""
    monkeypatch.setattr(resync, "FIRST_HOST_PAUSE", 0.0)
    async with sampling(tmp_path, pool) as stage, second_pds() as away:
        await stage.synced(1)
        heading = Heading(away)
        heading.broken = True
        await pool.execute(MANY, away.host.origin)
        for _ in range(8):
            await stage.sampler.sample()
        assert stage.heading.asked(LATEST) >= 4
        assert heading.asked(LATEST) >= 2
