"""Faults happen as their chances say, tell what they cost, and end."""

from __future__ import annotations

from random import Random
from typing import Any

import aiohttp
import cbor2
import pytest

from protocol.syntax import Did
from simulator import AccountEvent, CommitEvent, Event, Network, Population, World
from simulator.faults import Chances, Faults
from simulator.http_faults import HttpChances

FEW = Population(artists=2, listeners=3, strangers=1, records=(3, 6))


def carried(chances: Chances, *, steps: int = 60) -> tuple[list[Event], list[Event], Faults]:
    """What a world's hosts said, what the relay got of it, and the faults between."""
    world = World(3, FEW)
    faults = Faults(world, chances)
    said: list[Event] = []
    got: list[Event] = []
    world.watch(said.append)
    world.watch(lambda event: got.extend(faults.carried(event)))
    world.live(steps)
    faults.end()
    world.announce_again(next(iter(world.accounts)))
    return said, got, faults


def by_repo(events: list[Event]) -> dict[Did, list[Event]]:
    found: dict[Did, list[Event]] = {}
    for event in events:
        found.setdefault(event.did, []).append(event)
    return found


def test_without_chances_the_relay_gets_what_the_hosts_say() -> None:
    said, got, faults = carried(Chances())
    assert got == said
    assert not faults.lost


def test_lost_events_are_accounted_for() -> None:
    said, got, faults = carried(Chances(lose=0.3))
    missing = [event for event in said if event not in got]
    assert missing
    assert {event.did for event in missing} == faults.lost


def test_held_events_come_late_and_in_the_order_of_their_repo() -> None:
    said, got, _ = carried(Chances(hold=0.3))
    assert got != said
    assert by_repo(got) == by_repo(said)


def test_repeated_and_replayed_events_are_old_ones() -> None:
    said, got, _ = carried(Chances(repeat=0.3, replay=0.3))
    assert len(got) > len(said)
    history = set(map(id, World(3, FEW).events))
    assert all(event in said or id(event) not in history for event in got)


def test_stripped_commits_say_nothing_of_what_was_before() -> None:
    _, got, _ = carried(Chances(strip=1.0))
    commits = [event for event in got if isinstance(event, CommitEvent)]
    assert commits
    assert all(event.prev_data is None and all(op.prev is None for op in event.ops) for event in commits)


def test_a_mangled_commit_differs_from_what_its_host_said() -> None:
    said, got, _ = carried(Chances(mangle=1.0))
    commits = [event for event in got if isinstance(event, CommitEvent)]
    assert commits
    assert not any(event in said for event in commits)


def test_a_forgery_comes_beside_the_true_event() -> None:
    said, got, _ = carried(Chances(forge=1.0))
    assert [event for event in got if event in said] == said
    assert len(got) > len(said)


def test_a_ghost_is_nobody() -> None:
    said, got, _ = carried(Chances(ghost=1.0))
    known = {event.did for event in said}
    ghosts = [event for event in got if event.did not in known]
    assert ghosts
    assert [event for event in got if event.did in known] == said


@pytest.mark.parametrize(
    ("chances", "status"), [(HttpChances(refuse=1.0), (500, 502, 503)), (HttpChances(limit=1.0), (429,))]
)
async def test_hosts_refuse_as_long_as_faults_last(chances: HttpChances, status: tuple[int, ...]) -> None:
    world = World(1, FEW)
    faults = Faults(world, Chances(http=chances))
    async with Network(world, faults) as network, aiohttp.ClientSession() as session:
        url = f"{network.pds_urls[0]}/xrpc/_health"
        async with session.get(url) as answer:
            assert answer.status in status
        faults.end()
        async with session.get(url) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("chances", [HttpChances(reset=1.0), HttpChances(cut=1.0)])
async def test_a_broken_answer_breaks_the_connection(chances: HttpChances) -> None:
    world = World(1, FEW)
    async with Network(world, Faults(world, Chances(http=chances))) as network, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(f"{network.plc_url}/{next(iter(world.accounts))}") as answer:
                await answer.read()


async def test_an_outdated_answer_was_true_once_and_is_accounted_for() -> None:
    world = World(1, FEW)
    faults = Faults(world, Chances(http=HttpChances(outdated=1.0)))
    did = next(iter(world.accounts))
    async with Network(world, faults) as network, aiohttp.ClientSession() as session:
        url = f"{network.plc_url}/{did}"
        before = await (await session.get(url)).read()
        world.rotate_key(did)
        assert await (await session.get(url)).read() == before
        assert faults.lost == {did}
        faults.end()
        assert await (await session.get(url)).read() != before


async def test_a_dropped_stream_goes_on_at_its_cursor() -> None:
    world = World(1, FEW)
    faults = Faults(world, Chances(drop=0.3))
    async with Network(world, faults) as network, aiohttp.ClientSession() as session:
        begin = network.relay.stream.last_seq
        world.live(30)
        seen: list[int] = []
        cursor, dropped = begin, 0
        while cursor < network.relay.stream.last_seq:
            dropped += 1
            url = f"{network.relay_url}/xrpc/com.atproto.sync.subscribeRepos?cursor={cursor}"
            async with session.ws_connect(url) as socket:
                while cursor < network.relay.stream.last_seq:
                    message = await socket.receive()
                    if message.type is not aiohttp.WSMsgType.BINARY:
                        break
                    cursor = _seq(message.data)
                    seen.append(cursor)
        assert dropped > 1
        assert seen == list(range(begin + 1, network.relay.stream.last_seq + 1))


async def test_a_relay_leaves_out_numbers_and_no_events() -> None:
    world = World(1, FEW)
    faults = Faults(world, Chances(skip=0.3))
    async with Network(world, faults) as network, aiohttp.ClientSession() as session:
        begin, known, skipped = network.relay.stream.last_seq, len(list(world.events)), faults.happened["skip"]
        world.live(30)
        end = network.relay.stream.last_seq
        seqs = await _read_to(end, session, network.relay_url, begin)
        assert len(seqs) == len(list(world.events)) - known
        assert seqs == sorted(set(seqs))
        missing = sorted(set(range(begin + 1, end)) - set(seqs))
        assert len(missing) == faults.happened["skip"] - skipped > 0
        after = await _read_to(end, session, network.relay_url, missing[0])
        assert after == [seq for seq in seqs if seq > missing[0]]


async def _read_to(end: int, session: aiohttp.ClientSession, relay: str, cursor: int) -> list[int]:
    """The numbers behind a cursor, up to the last one."""
    seqs: list[int] = []
    async with session.ws_connect(f"{relay}/xrpc/com.atproto.sync.subscribeRepos?cursor={cursor}") as socket:
        while not seqs or seqs[-1] < end:
            seqs.append(_seq((await socket.receive()).data))
    return seqs


async def test_a_stream_that_begins_anew_tells_an_old_cursor_that_it_is_in_the_future() -> None:
    world = World(1, FEW)
    async with Network(world) as network, aiohttp.ClientSession() as session:
        cursor = network.relay.stream.last_seq
        await network.relay.stream.begin_anew(1)
        url = f"{network.relay_url}/xrpc/com.atproto.sync.subscribeRepos"
        async with session.ws_connect(f"{url}?cursor={cursor}") as socket:
            assert b"FutureCursor" in (await socket.receive()).data
        async with session.ws_connect(f"{url}?cursor=0") as socket:
            assert _seq((await socket.receive()).data) == 1


async def test_a_stream_that_forgets_tells_an_old_cursor_that_it_is_outdated() -> None:
    world = World(1, FEW)
    async with Network(world) as network, aiohttp.ClientSession() as session:
        cursor = network.relay.stream.last_seq - 5
        network.relay.stream.forget()
        world.take_down(next(iter(world.accounts)))
        url = f"{network.relay_url}/xrpc/com.atproto.sync.subscribeRepos?cursor={cursor}"
        async with session.ws_connect(url) as socket:
            assert b"OutdatedCursor" in (await socket.receive()).data
            assert _seq((await socket.receive()).data) == network.relay.stream.last_seq


def test_what_is_announced_again_is_how_things_stand() -> None:
    world = World(1, FEW)
    did = next(iter(world.accounts))
    world.suspend(did)
    world.announce_again(did)
    last: Any = list(world.events)[-1]
    assert isinstance(last, AccountEvent)
    assert last.status == "suspended"


def test_chances_are_the_seeds() -> None:
    assert Chances.some(Random(5)) == Chances.some(Random(5))
    assert Chances.some(Random(5)) != Chances.some(Random(6))


def _seq(data: bytes) -> int:
    header = cbor2.dumps({"op": 1, "t": "#commit"}, canonical=True)
    kinds = {cbor2.dumps({"op": 1, "t": kind}, canonical=True) for kind in ("#sync", "#identity", "#account")}
    head = next(each for each in (header, *kinds) if data.startswith(each))
    return cbor2.loads(data[len(head) :])["seq"]
