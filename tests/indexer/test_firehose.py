"""The subscription, against a scripted host and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from indexer.firehose import Firehose
from indexer.frames import Interest
from indexer.gaps import GapLimits
from indexer.inbox import Inbox
from indexer.stages import CommitFrame
from indexer.subscriber import StreamLimits
from runtime.db import Pool
from runtime.settings import Settings

from .relays import Relay, error, hold, identity, sends, sends_after_cursor, serving
from .repos import Repo, encode, frame, record, track

FOR_EVER = 60.0


@asynccontextmanager
async def subscribing(
    pool: Pool,
    *relays: Relay | str,
    silence: float = 5.0,
    room: int = 100,
    rest: float = FOR_EVER,
    frame_max_bytes: int = 200_000,
) -> AsyncGenerator[tuple[Firehose, Inbox]]:
    inbox = Inbox(max_frames=room, max_bytes=10_000_000)
    limits = StreamLimits(
        frame_max_bytes=frame_max_bytes,
        silence=silence,
        pause_min=0.01,
        pause_max=0.05,
        request=2.0,
        rest=rest,
        gaps=GapLimits(retention=timedelta(days=3), jump=timedelta(minutes=5)),
    )
    interest = Interest(frozenset({"fm.plyr.track"}), {"did:plc:tracked"})
    origins = tuple(relay if isinstance(relay, str) else relay.origin for relay in relays)
    stop = asyncio.Event()
    firehose = Firehose(origins, inbox, interest, pool, limits)
    running = asyncio.create_task(firehose.run(stop))
    try:
        yield firehose, inbox
    finally:
        stop.set()
        await asyncio.wait_for(running, 3)


@asynccontextmanager
async def reading(pool: Pool, *relays: Relay | str, **bounds: Any) -> AsyncGenerator[Inbox]:
    async with subscribing(pool, *relays, **bounds) as (_, inbox):
        yield inbox


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def seqs(inbox: Inbox) -> list[int]:
    return [arrival.frame.seq for arrival in inbox.peek(1_000)[0]]


async def stored(pool: Pool, relay: Relay) -> Any:
    return await pool.fetchrow("SELECT seq, kind FROM source_cursor WHERE source = $1", relay.origin)


async def gaps(pool: Pool) -> list[str]:
    return [row["reason"] for row in await pool.fetch("SELECT reason FROM stream_gap ORDER BY id")]


async def test_the_first_subscription_is_live_and_is_in_the_database_once_it_stands(pool: Pool) -> None:
    async with serving(hold) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.source)
        assert relay.cursors == [None]
        async with asyncio.timeout(5):
            while (row := await stored(pool, relay)) is None:  # noqa: ASYNC110 - a row has no event
                await asyncio.sleep(0.005)
        assert tuple(row) == (0, "relay")


async def test_frames_that_are_ours_wait_and_others_only_move_the_position(pool: Pool) -> None:
    script = sends(identity(1), identity(2, "did:plc:other"), identity(5), identity(9, "did:plc:other"), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 9)
        assert seqs(inbox) == [1, 5]
        assert await gaps(pool) == [], "numbers that nobody gets are no loss"


async def test_what_comes_behind_the_first_commit_of_a_repo_is_ours_before_that_is_written(pool: Pool) -> None:
    repo = Repo(did="did:plc:new")
    first = frame("#commit", repo.write((track(1), record())) | {"seq": 2})
    gone = frame("#account", {"seq": 3, "did": repo.did, "active": False, "status": "deleted"})
    script = sends(identity(1, repo.did), first, gone, identity(4, repo.did), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 4)
        assert seqs(inbox) == [2, 3, 4]


async def test_a_broken_stream_goes_on_where_it_broke(pool: Pool) -> None:
    async with serving(sends(identity(1), identity(4)), hold) as relay, reading(pool, relay) as inbox:
        await until(lambda: len(relay.cursors) == 2)
        assert relay.cursors == [None, 4]
        assert seqs(inbox) == [1, 4]


async def test_a_start_goes_on_at_the_stored_cursor(pool: Pool) -> None:
    async with serving(hold) as relay:
        await pool.execute("INSERT INTO source_cursor (source, seq) VALUES ($1, 77)", relay.origin)
        async with reading(pool, relay) as inbox:
            await until(lambda: relay.cursors and inbox.source)
            assert relay.cursors == [77]
            assert inbox.position.seq == 77


async def test_frames_that_come_again_are_passed_over(pool: Pool) -> None:
    again = sends(identity(4), identity(4), identity(5), identity(3), identity(6), then=FOR_EVER)
    async with serving(sends(identity(1), identity(4)), again) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 6)
        assert seqs(inbox) == [1, 4, 5, 6]


async def test_bad_frames_are_dropped_and_the_stream_goes_on(pool: Pool) -> None:
    bad = [b"", b"\xff", identity(2)[:-5], frame("#novelty", {"seq": 3}), identity(4, handle=1, did=5), encode(1)]
    script = sends(identity(1), *bad, identity(7, "did:plc:tracked"), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 7)
        assert seqs(inbox) == [1, 7]
        assert len(relay.cursors) == 1


@pytest.mark.parametrize(
    ("field", "error"), [({"rev": "soon"}, "rev_invalid: rev: "), ({"blocks": 1}, "frame_invalid: blocks is no byte")]
)
async def test_a_frame_of_a_tracked_repo_that_is_dropped_is_its_last_error(
    pool: Pool, field: dict[str, Any], error: str
) -> None:
    repo = Repo(did="did:plc:tracked")
    bad = frame("#commit", repo.write((track(1), record())) | {"seq": 2} | field)
    account_id = await pool.fetchval("INSERT INTO account (did) VALUES ('did:plc:tracked') RETURNING id")
    await pool.execute("INSERT INTO repo (account_id) VALUES ($1)", account_id)
    script = sends(identity(1), bad, identity(3), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: seqs(inbox) == [1, 3])
        assert (await pool.fetchval("SELECT last_error FROM repo")).startswith(error)


async def test_a_silent_stream_is_left(pool: Pool) -> None:
    async with serving(hold) as relay, reading(pool, relay, silence=0.05):
        await until(lambda: len(relay.cursors) >= 3)


async def test_a_slow_writer_is_no_silence_and_stops_the_reading(pool: Pool) -> None:
    script = sends(*(identity(seq) for seq in range(1, 30)), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay, silence=0.3, room=5) as inbox:
        await until(lambda: len(inbox) == 5)
        await asyncio.sleep(0.1)
        assert inbox.position.seq == 5
        await inbox.drop(5)
        await until(lambda: inbox.position.seq == 10)
        assert len(relay.cursors) == 1


async def test_the_next_relay_is_taken_when_one_is_away_or_blind(pool: Pool) -> None:
    async with (
        serving(sends()) as blind,
        serving(sends(identity(3), then=FOR_EVER)) as good,
        reading(pool, "ws://127.0.0.1:1", blind, good) as inbox,
    ):
        await until(lambda: inbox.position.seq == 3)
        assert inbox.source is not None
        assert inbox.source.origin == good.origin
        assert blind.cursors == [None]
        assert await gaps(pool) == ["another_relay"]


async def test_each_relay_is_asked_from_its_own_cursor(pool: Pool) -> None:
    """One goes silent, the other dies: numbers of one mean nothing to the other."""
    async with (
        serving(hold, sends(identity(900), then=FOR_EVER)) as first,
        serving(sends(identity(41))) as second,
    ):
        for relay, seq in ((first, 800), (second, 40)):
            await pool.execute("INSERT INTO source_cursor (source, seq) VALUES ($1, $2)", relay.origin, seq)
        async with reading(pool, first, second, silence=0.3) as inbox:
            await until(lambda: seqs(inbox) == [41])
            await inbox.drop(1)
            await until(lambda: seqs(inbox) == [900])
            assert (first.cursors, second.cursors[0]) == ([800, 800], 40)
            assert inbox.source is not None
            assert inbox.source.origin == first.origin


async def test_a_relay_that_gave_something_is_preferred_again_after_a_break(pool: Pool) -> None:
    async with (
        serving(sends(), sends(identity(8), then=FOR_EVER)) as first,
        serving(sends(identity(3))) as second,
        reading(pool, first, second) as inbox,
    ):
        await until(lambda: seqs(inbox) == [3])
        await inbox.drop(1)
        await until(lambda: seqs(inbox) == [8])
        assert inbox.source is not None
        assert inbox.source.origin == first.origin


async def test_an_outdated_cursor_is_noted_as_a_gap(pool: Pool) -> None:
    script = sends(frame("#info", {"name": "OutdatedCursor"}), identity(900), then=FOR_EVER)
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 900)
        assert await gaps(pool) == ["outdated_cursor"]


async def test_a_relay_that_began_anew_is_read_from_its_beginning(pool: Pool) -> None:
    for first, reason in ((sends(error("FutureCursor")), "future_cursor"), (sends(identity(2)), "seq_below_cursor")):
        async with serving(first, sends_after_cursor((1, identity(1)), (2, identity(2)))) as relay:
            await pool.execute("INSERT INTO source_cursor (source, seq) VALUES ($1, 5000)", relay.origin)
            async with reading(pool, relay) as inbox:
                await until(lambda inbox=inbox: seqs(inbox) == [1, 2])
                assert relay.cursors == [5000, 0]
                assert (await stored(pool, relay))["seq"] == 0
                assert (await gaps(pool))[-1] == reason


async def test_a_consumer_that_was_too_slow_goes_on_where_it_was(pool: Pool) -> None:
    async with serving(sends(identity(3), error("ConsumerTooSlow")), hold) as relay, reading(pool, relay):
        await until(lambda: len(relay.cursors) == 2)
        assert relay.cursors == [None, 3]
        assert await gaps(pool) == []


async def test_a_frame_that_is_too_large_is_stepped_over(pool: Pool) -> None:
    huge = identity(12, handle="x" * 300_000)
    script = sends_after_cursor((10, identity(10)), (12, huge), (20, identity(20)))
    async with serving(script) as relay, reading(pool, relay) as inbox:
        await until(lambda: inbox.position.seq == 20)
        assert seqs(inbox) == [10, 20]
        assert set(await gaps(pool)) == {"frame_too_large"}


async def test_a_commit_as_large_as_hosts_send_them_is_read(pool: Pool) -> None:
    repo = Repo(did="did:plc:tracked")
    body = repo.write(*((track(number), record(description=f"{number}" * 990_000)) for number in range(5)))
    large = frame("#commit", body | {"seq": 2})
    assert 4_900_000 < len(large) < 5_000_000
    largest = Settings.load({}, database_url="postgres:///unused").frame_max_bytes
    async with (
        serving(sends(large, identity(3), then=FOR_EVER)) as relay,
        reading(pool, relay, frame_max_bytes=largest) as inbox,
    ):
        await until(lambda: inbox.position.seq == 3)
        commit = inbox.peek(1)[0][0].frame
        assert isinstance(commit, CommitFrame)
        assert (commit.blocks, len(commit.ops)) == (body["blocks"], 5)
        assert (relay.cursors, await gaps(pool)) == ([None], [])


PDS = (200, '{"did": "did:web:pds.test"}')


async def test_a_host_that_describes_itself_as_a_server_of_accounts_is_a_pds(pool: Pool) -> None:
    async with serving(sends(identity(1), then=FOR_EVER)) as relay:
        relay.descriptions = [PDS]
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq == 1)
            assert inbox.source is not None
            assert inbox.source.is_pds
            assert (await stored(pool, relay))["kind"] == "pds"


@pytest.mark.parametrize(
    ("kind", "answer", "now"),
    [
        ("pds", (503, '{"error": "UpstreamFailure"}'), "pds"),
        ("pds", (429, '{"error": "RateLimitExceeded"}'), "pds"),
        ("pds", (200, "<html>Back soon</html>"), "pds"),
        ("pds", (404, "Not Found"), "pds"),
        ("pds", (501, '{"error": "MethodNotImplemented"}'), "relay"),
        ("relay", (503, '{"error": "UpstreamFailure"}'), "relay"),
        ("relay", (200, "<html>Back soon</html>"), "relay"),
        ("relay", PDS, "pds"),
    ],
)
async def test_a_host_stays_what_it_is_known_for_until_it_says_otherwise(
    pool: Pool, kind: str, answer: tuple[int, str], now: str
) -> None:
    async with serving(sends(identity(8), then=FOR_EVER)) as relay:
        relay.descriptions = [answer]
        await pool.execute("INSERT INTO source_cursor (source, kind, seq) VALUES ($1, $2, 7)", relay.origin, kind)
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq == 8)
            assert inbox.source is not None
            assert inbox.source.is_pds == (now == "pds")
            assert (await stored(pool, relay))["kind"] == now


async def test_nothing_is_read_of_a_host_of_which_it_is_not_known_for_whom_it_speaks(pool: Pool) -> None:
    async with serving(sends(identity(1), then=FOR_EVER), sends(identity(2), then=FOR_EVER)) as relay:
        relay.descriptions = [(503, ""), PDS]
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq)
            assert (seqs(inbox), relay.cursors) == ([2], [None, None])
            assert inbox.source is not None
            assert inbox.source.is_pds


async def test_what_a_host_says_of_itself_counts_from_the_next_subscription_on(pool: Pool) -> None:
    first, second = (identity(seq, "did:plc:other") for seq in (1, 2))
    async with serving(sends(first), sends(second, then=FOR_EVER)) as relay:
        relay.descriptions = [(200, ""), PDS]
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq == 2)
            assert inbox.source is not None
            assert inbox.source.is_pds


async def test_a_host_that_does_not_know_what_it_is_asked_is_a_relay(pool: Pool) -> None:
    async with serving(sends(identity(1), then=FOR_EVER)) as relay:
        relay.descriptions = [(404, "404 page not found")]
        async with reading(pool, relay) as inbox:
            await until(lambda: inbox.position.seq == 1)
            assert (await stored(pool, relay))["kind"] == "relay"
