"""The simulated Jetstream, as the protocol's own Python client reads it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from atproto_jetstream import AsyncJetstreamClient
from atproto_jetstream.exceptions import JetstreamCursorTooOldError

from protocol.syntax import Nsid, RecordKey
from simulator import Network, World, Write
from simulator.events import AccountEvent, CommitEvent, IdentityEvent
from tests.simulator.wire import SMALL, Ticking

PATIENCE = 20.0
LIKE = Nsid("fm.plyr.like")
# That client ends with a `sync`, whose bytes it does not take in the JSON form of the data model.
READABLE = ["commit", "identity", "account"]


def beginning(world: World) -> int:
    return next(iter(world.events)).micros


async def take(url: str, count: int, params: dict[str, Any], *, compress: bool) -> tuple[list[Any], bool]:
    """The first messages of a subscription, and whether they came compressed."""
    client = AsyncJetstreamClient(params, base_uri=url + "/xrpc", compress=compress)
    taken: list[Any] = []

    async def on_message(message: Any) -> None:
        taken.append(message)
        if len(taken) == count:
            await client.stop()

    try:
        async with asyncio.timeout(PATIENCE):
            await client.start(on_message)
    finally:
        if client._xrpc_client is not None:  # it never closes what it fetched the dictionary with
            await client._xrpc_client.request.close()
    return taken, client.compressed


@pytest.mark.parametrize("compress", [False, True])
async def test_the_protocols_own_client_reads_all_events_from_a_cursor(compress: bool) -> None:
    world = World(3, SMALL, clock=Ticking())
    async with Network(world) as network:
        await network.add_jetstream()
        world.deactivate(next(iter(world.accounts)))
        ops = [
            (event.did, event.rev, op.action, op.path, op.cid and str(op.cid))
            for event in world.events
            if isinstance(event, CommitEvent)
            for op in event.ops
        ]
        others = sum(isinstance(event, IdentityEvent | AccountEvent) for event in world.events)
        params = {"cursor": beginning(world), "kinds": READABLE}
        taken, compressed = await take(network.jetstream_url, len(ops) + others, params, compress=compress)
        commits = [message for message in taken if message.py_type.endswith("#commit")]
        assert [(m.did, m.rev, m.operation, f"{m.collection}/{m.rkey}", m.cid) for m in commits] == ops
        assert [m.seq for m in taken] == sorted({m.seq for m in taken})
        assert compressed is compress
        assert taken[-1].account.status == "deactivated"
        again, _ = await take(network.jetstream_url, 2, {"cursor": taken[-2].seq, "kinds": READABLE}, compress=compress)
        assert again == taken[-2:]


async def test_only_what_is_asked_for_is_sent() -> None:
    world = World(3, SMALL, clock=Ticking())
    did = next(iter(world.accounts))
    async with Network(world) as network:
        await network.add_jetstream()
        likes = sum(
            op.path.startswith("fm.plyr.like/")
            for event in world.events
            if isinstance(event, CommitEvent)
            for op in event.ops
        )
        params = {"cursor": beginning(world), "kinds": ["commit"], "collections": [LIKE]}
        taken, _ = await take(network.jetstream_url, likes, params, compress=False)
        assert {message.collection for message in taken} == {LIKE}
        params = {"cursor": beginning(world), "dids": [did], "kinds": READABLE}
        taken, _ = await take(network.jetstream_url, 3, params, compress=False)
        assert {message.did for message in taken} == {did}


async def test_a_time_that_is_no_longer_kept_is_said_to_be_outdated_and_a_number_is_refused() -> None:
    world = World(3, SMALL, clock=Ticking())
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        jetstream.forget()
        (info, last), _ = await take(network.jetstream_url, 2, {"cursor": 1_000_000_000_000_000}, compress=False)
        assert info.name == "OutdatedCursor"
        assert int(info.message) == last.seq
        with pytest.raises(JetstreamCursorTooOldError):
            await take(network.jetstream_url, 1, {"cursor": 1}, compress=False)
        (info,), _ = await take(network.jetstream_url, 1, {"cursor": last.seq + 9}, compress=False)
        assert info.name == "FutureCursor"


async def test_a_live_subscriber_gets_what_comes() -> None:
    world = World(3, SMALL)
    async with Network(world) as network, aiohttp.ClientSession() as session:
        await network.add_jetstream()
        did = next(iter(world.accounts))
        url = f"{network.jetstream_url}/xrpc/network.bsky.jetstream.subscribeEvents"
        async with session.ws_connect(url, protocols=("xrpc.v1.json",)) as socket:
            await asyncio.sleep(0.1)
            await network.write(did, [Write("create", LIKE, RecordKey("3kaaaaaaaaa2a"), {"$type": LIKE})])
            payload = (await socket.receive_json(timeout=PATIENCE))["payload"]
            assert (payload["did"], payload["rkey"], payload["record"]) == (did, "3kaaaaaaaaa2a", {"$type": LIKE})
            assert socket.protocol == "xrpc.v1.json"
