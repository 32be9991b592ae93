"""The queue between reader and writer."""

from __future__ import annotations

import asyncio

from indexer.inbox import Inbox, Position
from indexer.judge import Arrival, Source
from indexer.stages import IdentityFrame
from protocol.syntax import Did

from .repos import NOW

RELAY = Source("ws://relay.test", is_pds=False)


def arrival(seq: int, size: int = 10) -> Arrival:
    return Arrival(IdentityFrame(seq, Did("did:plc:a"), None), bytes(size), NOW)


async def filled(*seqs: int) -> Inbox:
    inbox = Inbox(max_frames=3, max_bytes=100)
    await inbox.attach(RELAY, Position(0, None))
    for seq in seqs:
        inbox.put(arrival(seq), Position(seq, None))
    return inbox


async def test_everything_read_is_covered_once_all_that_waits_is_written() -> None:
    inbox = await filled(1, 4)
    inbox.passed(Position(9, None))
    arrivals, position = inbox.peek(10)
    assert [entry.frame.seq for entry in arrivals] == [1, 4]
    assert position.seq == 9


async def test_a_part_of_what_waits_covers_no_more_than_itself() -> None:
    inbox = await filled(1, 4)
    inbox.passed(Position(9, None))
    _, position = inbox.peek(1)
    assert position.seq == 1
    await inbox.drop(1)
    assert inbox.peek(1)[1].seq == 9


async def test_what_was_looked_at_stays_until_it_is_dropped() -> None:
    inbox = await filled(1, 2)
    assert inbox.peek(5)[0] == inbox.peek(5)[0]
    assert len(inbox) == 2
    await inbox.drop(2)
    assert (len(inbox), inbox.bytes) == (0, 0)


async def test_the_queue_is_bounded_by_frames_and_by_bytes() -> None:
    inbox = await filled(1, 2, 3)
    assert not inbox.has_room(1)
    inbox = await filled(1)
    assert inbox.has_room(90)
    assert not inbox.has_room(91)
    await inbox.drop(1)
    assert inbox.has_room(1_000), "a frame larger than the queue still passes, alone"


async def test_the_reader_waits_for_room() -> None:
    inbox = await filled(1, 2, 3)
    waiting = asyncio.create_task(inbox.wait_for_room(10))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await inbox.drop(1)
    await asyncio.wait_for(waiting, 1)


async def test_another_source_begins_when_everything_of_the_first_is_written() -> None:
    inbox = await filled(1)
    other = Source("ws://other.test", is_pds=False)
    attaching = asyncio.create_task(inbox.attach(other, Position(70, None)))
    await asyncio.sleep(0.01)
    assert inbox.source == RELAY
    await inbox.drop(1)
    await asyncio.wait_for(attaching, 1)
    assert (inbox.source, inbox.position.seq) == (other, 70)


async def test_waiting_ends_with_a_frame_or_with_patience() -> None:
    inbox = await filled()
    await asyncio.wait_for(inbox.wait(0.01), 1)
    waiting = asyncio.create_task(inbox.wait(60))
    await asyncio.sleep(0)
    inbox.put(arrival(1), Position(1, None))
    await asyncio.wait_for(waiting, 1)


async def test_frames_are_gathered_up_to_a_number() -> None:
    inbox = await filled(1)
    gathering = asyncio.create_task(inbox.gather(2, 60))
    await asyncio.sleep(0)
    assert not gathering.done()
    inbox.put(arrival(2), Position(2, None))
    async with asyncio.timeout(10):
        await gathering


async def test_gathering_ends_in_time_and_when_the_reader_waits_for_room() -> None:
    inbox = await filled(1, 2, 3)
    await inbox.gather(100, 0.01)
    reader = asyncio.create_task(inbox.wait_for_room(10))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await inbox.gather(100, 60)
    await inbox.drop(1)
    await reader
