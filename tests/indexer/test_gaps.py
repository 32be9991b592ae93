"""Where events may have been missed: what is noted, and what is not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer.gaps import GapLimits, Gaps, at_first_frame, while_away
from indexer.inbox import Inbox, Position
from runtime.db import Pool

from .relays import Relay, hold, identity, sends, sends_after_cursor, serving
from .repos import NOW
from .test_firehose import FOR_EVER, gaps, reading, seqs, subscribing, until

LIMITS = GapLimits(retention=timedelta(hours=72), jump=timedelta(seconds=300))


def at(seq: int, seconds: float | None) -> Position:
    return Position(seq, None if seconds is None else (NOW + timedelta(seconds=seconds)).isoformat())


@pytest.mark.parametrize(
    ("last", "first", "reason"),
    [
        (at(10, 0), at(11, 0.1), None),
        (at(10, 0), at(400, 299), None),
        (at(10, 0), at(400, 301), "time_jump"),
        (at(10, 0), at(11, 90_000), None),
        (at(10, 0), at(400, -301), "time_backwards"),
        (at(10, 0), at(400, -299), None),
        (at(10, 0), at(10, 0), None),
        (at(10, 0), at(10, 1), "seq_reused"),
        (at(0, None), at(400, 0), None),
        (at(10, 0), at(400, None), None),
    ],
)
def test_what_is_sent_first_follows_the_cursor_or_is_a_gap(last: Position, first: Position, reason: str | None) -> None:
    assert at_first_frame(last, first, LIMITS) == reason


def test_an_absence_is_a_gap_when_it_is_longer_than_relays_keep() -> None:
    assert while_away(NOW - timedelta(hours=71), NOW, LIMITS) is None
    assert while_away(NOW - timedelta(hours=73), NOW, LIMITS) == "downtime"


async def test_a_gap_that_is_noted_again_is_one_until_it_is_healed(pool: Pool) -> None:
    noting = Gaps(pool)
    await noting.note("ws://a.test", "downtime")
    first = await pool.fetchval("SELECT noted_at FROM stream_gap")
    await noting.note("ws://a.test", "downtime")
    await noting.note("ws://b.test", "downtime")
    assert await gaps(pool) == ["downtime", "downtime"]
    assert await pool.fetchval("SELECT noted_at FROM stream_gap WHERE source = 'ws://a.test'") > first
    await pool.execute("UPDATE stream_gap SET healed_at = now()")
    await noting.note("ws://a.test", "downtime")
    assert len(await gaps(pool)) == 3


async def known(pool: Pool, relay: Relay, seq: int, age: timedelta) -> None:
    await pool.execute(
        "INSERT INTO source_cursor (source, seq, event_time) VALUES ($1, $2, now() - $3::interval)",
        relay.origin,
        seq,
        age,
    )


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    ("age", "first", "found"),
    [
        (timedelta(hours=1), lambda: identity(900, time=now()), ["time_jump"]),
        (timedelta(seconds=1), lambda: identity(900, time=now()), []),
        (timedelta(hours=1), lambda: identity(78, time=now()), []),
        (timedelta(hours=80), lambda: identity(78, time=now()), ["downtime"]),
    ],
)
async def test_a_relay_that_lets_something_out_without_a_word_is_found_out(
    pool: Pool, age: timedelta, first: Any, found: list[str]
) -> None:
    async with serving(sends(first(), then=FOR_EVER)) as relay:
        await known(pool, relay, 77, age)
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq > 77)
            assert await gaps(pool) == found


async def test_a_reconnect_within_the_process_is_judged_as_a_start_is(pool: Pool) -> None:
    early = identity(5, time="2026-05-01T00:00:00.000Z")
    late = identity(900, time="2026-05-01T01:00:00.000Z")
    async with serving(sends(early), sends(late, then=FOR_EVER)) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 900)
        assert await gaps(pool) == ["time_jump"]


async def test_every_change_of_relay_is_a_gap(pool: Pool) -> None:
    """Back to a relay that was read before, at its own cursor: what the other one missed is not known."""
    async with (
        serving(sends_after_cursor((5, identity(5)), (6, identity(6)))) as first,
        serving(sends(identity(3)), hold) as second,
    ):
        async with reading(pool, first) as inbox:
            await until(lambda: inbox.position.seq == 6)
        await pool.execute("UPDATE source_cursor SET seq = 6")
        async with reading(pool, second) as inbox:
            await until(lambda: inbox.position.seq == 3)
        assert await gaps(pool) == ["another_relay"]
        async with reading(pool, first) as inbox:
            await until(lambda: len(first.cursors) == 2 and inbox.source is not None)
            await noted(pool, "another_relay", "another_relay")
        async with reading(pool, first) as inbox:
            await until(lambda: len(first.cursors) == 3 and inbox.source is not None)
        assert len(await gaps(pool)) == 2


async def noted(pool: Pool, *reasons: str) -> None:
    async with asyncio.timeout(5):
        while await gaps(pool) != list(reasons):  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.005)


async def test_a_preferred_relay_is_read_again_when_it_sends_again(pool: Pool) -> None:
    async with (
        serving(sends(), hold, sends(identity(70), then=FOR_EVER)) as preferred,
        serving(sends(identity(3), then=FOR_EVER)) as other,
        reading(pool, preferred, other, silence=0.5, rest=0.1) as inbox,
    ):
        await until(lambda: seqs(inbox) == [3])
        await inbox.drop(1)
        await until(lambda: seqs(inbox) == [70])
        assert await source_of(inbox) == preferred.origin


async def source_of(inbox: Inbox) -> str:
    assert inbox.source is not None
    return inbox.source.origin


async def test_a_blind_relay_is_left_for_the_next_and_rests(pool: Pool) -> None:
    async with (
        serving(sends(identity(1), then=FOR_EVER)) as blind,
        serving(sends(identity(3)), sends(identity(4), then=FOR_EVER)) as other,
        subscribing(pool, blind, other) as (firehose, inbox),
    ):
        await until(lambda: inbox.position.seq == 1)
        await inbox.drop(1)
        assert firehose.turn_away()
        await until(lambda: inbox.position.seq == 3)
        await inbox.drop(1)
        await until(lambda: inbox.position.seq == 4)
        assert blind.cursors == [None], "a break of the other is no reason to come back to a blind one"


async def test_the_only_relay_is_not_left(pool: Pool) -> None:
    async with serving(sends(identity(1), then=FOR_EVER)) as only, subscribing(pool, only) as (firehose, inbox):
        await until(lambda: inbox.position.seq == 1)
        assert not firehose.turn_away()
        await asyncio.sleep(0.1)
        assert only.cursors == [None]
