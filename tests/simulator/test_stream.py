"""The simulated streams: replay, then live, in order; the errors of the protocol; what a deletion takes from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from protocol.syntax import Nsid, RecordKey
from simulator import Network, Retention, World, Write
from simulator.events import AccountEvent, CommitEvent
from tests.simulator.wire import SMALL, Message, Ticking, read_frame

LIKE = Nsid("fm.plyr.like")
PATIENCE = 5.0


class Subscription:
    """One subscriber."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> Message:
        message = await self.socket.receive(PATIENCE)
        assert message.type == aiohttp.WSMsgType.BINARY, message
        return read_frame(message.data)

    async def take(self, count: int) -> list[Message]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def subscribed(
    http: aiohttp.ClientSession, origin: str, cursor: int | None = None
) -> AsyncGenerator[Subscription]:
    query = "" if cursor is None else f"?cursor={cursor}"
    async with http.ws_connect(f"{origin}/xrpc/com.atproto.sync.subscribeRepos{query}") as socket:
        yield Subscription(socket)


def like(rkey: str) -> Write:
    return Write("create", LIKE, RecordKey(rkey), {"createdAt": "2025-01-01T00:00:00Z"})


async def test_a_replay_holds_everything_in_order_and_goes_on_live(
    network: Network, http: aiohttp.ClientSession
) -> None:
    world = network.world
    past = list(world.events)
    async with subscribed(http, network.relay_url, cursor=0) as subscription:
        messages = await subscription.take(len(past))
        event = await network.write(world.scene.artists[0], [like("new")])
        live = await subscription.next()
    seqs = [message.body["seq"] for message in messages]
    assert seqs == list(range(seqs[0], seqs[0] + len(past)))
    assert [message.body.get("did") or message.body["repo"] for message in messages] == [event.did for event in past]
    assert (live.body["seq"], live.body["commit"]) == (seqs[-1] + 1, event.commit)


async def test_a_subscriber_without_a_cursor_gets_only_what_comes(
    network: Network, http: aiohttp.ClientSession
) -> None:
    async with subscribed(http, network.relay_url) as subscription:
        await asyncio.sleep(0.05)
        event = await network.write(network.world.scene.artists[0], [like("new")])
        assert (await subscription.next()).body["commit"] == event.commit


async def test_a_subscriber_resumes_after_its_cursor(network: Network, http: aiohttp.ClientSession) -> None:
    async with subscribed(http, network.relay_url, cursor=0) as subscription:
        messages = await subscription.take(10)
    async with subscribed(http, network.relay_url, cursor=messages[4].body["seq"]) as subscription:
        assert await subscription.take(5) == messages[5:]


async def test_a_pds_announces_its_own_accounts_and_the_relay_all(
    network: Network, http: aiohttp.ClientSession
) -> None:
    events = list(network.world.events)
    for number, url in enumerate(network.pds_urls):
        own = [event for event in events if event.host == number]
        async with subscribed(http, url, cursor=0) as subscription:
            messages = await subscription.take(len(own))
        assert [message.body["seq"] for message in messages] == list(range(1, len(own) + 1))
        assert [message.body["time"] for message in messages] == sorted(message.body["time"] for message in messages)


async def test_a_cursor_of_the_future_is_an_error_and_the_end(network: Network, http: aiohttp.ClientSession) -> None:
    async with subscribed(http, network.relay_url, cursor=1 << 50) as subscription:
        message = await subscription.next()
        assert (message.header, message.body["error"]) == ({"op": -1}, "FutureCursor")
        assert (await subscription.socket.receive(PATIENCE)).type == aiohttp.WSMsgType.CLOSE


async def test_a_cursor_older_than_what_is_kept_is_told_and_replayed_from_there(http: aiohttp.ClientSession) -> None:
    world = World(1, SMALL, clock=Ticking(), retention=Retention(events=10))
    async with Network(world) as network, subscribed(http, network.relay_url, cursor=0) as subscription:
        info = await subscription.next()
        assert (info.header["t"], info.body["name"]) == ("#info", "OutdatedCursor")
        kept = [event for event in world.events if isinstance(event, CommitEvent)]
        messages = await subscription.take(10)
        assert [message.body["rev"] for message in messages if "commit" in message.body] == [
            event.rev for event in kept
        ]


async def test_a_cursor_at_the_end_is_not_outdated(network: Network, http: aiohttp.ClientSession) -> None:
    async with subscribed(http, network.relay_url, cursor=0) as subscription:
        *_, last = await subscription.take(network.world.events.next)
    async with subscribed(http, network.relay_url, cursor=last.body["seq"]) as subscription:
        event = await network.write(network.world.scene.artists[0], [like("new")])
        assert (await subscription.next()).body["commit"] == event.commit


async def test_a_replay_leaves_a_gap_where_a_deleted_account_was(network: Network, http: aiohttp.ClientSession) -> None:
    did = network.world.scene.artists[1]
    network.world.delete(did)
    rest = [event for event in network.world.events if event.did != did or getattr(event, "status", None) == "deleted"]
    async with subscribed(http, network.relay_url, cursor=0) as subscription:
        messages = await subscription.take(len(rest))
    assert isinstance(rest[-1], AccountEvent)
    assert [message.body.get("did") or message.body["repo"] for message in messages] == [event.did for event in rest]
    assert messages[-1].body["seq"] - messages[0].body["seq"] + 1 == network.world.events.next > len(rest)


async def test_a_subscriber_that_falls_behind_is_told_and_closed(http: aiohttp.ClientSession) -> None:
    world = World(1, SMALL, clock=Ticking(), retention=Retention(events=20))
    did = world.scene.artists[0]
    async with Network(world) as network, subscribed(http, network.relay_url) as subscription:
        await network.write(did, [like("seen")])
        await subscription.next()
        for number in range(100):
            world.write(did, [like(f"missed-{number}")])
        message = await subscription.next()
        assert (message.header, message.body["error"]) == ({"op": -1}, "ConsumerTooSlow")


async def test_people_live_on_the_stream_until_they_are_cancelled(
    network: Network, http: aiohttp.ClientSession
) -> None:
    async with subscribed(http, network.relay_url) as subscription:
        living = asyncio.create_task(network.run(rate_per_second=200.0))
        seen = {message.header["t"] for message in await subscription.take(30)}
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
    assert "#commit" in seen


async def test_a_network_that_stops_closes_its_streams(http: aiohttp.ClientSession) -> None:
    async with Network(World(1, SMALL, clock=Ticking())) as network:
        socket = await http.ws_connect(f"{network.relay_url}/xrpc/com.atproto.sync.subscribeRepos")
        receiving = asyncio.create_task(socket.receive(PATIENCE))
        await asyncio.sleep(0.05)
    assert (await receiving).type == aiohttp.WSMsgType.CLOSE
    await socket.close()
