"""A world on loopback: its PLC directory, its PDSes, its relay and its did:web hosts, each on a port of its own.

Everything runs in the event loop of the caller, and stops with the context. Whatever is done to the world is announced
at once: the world's own methods are the way to act on the network; those that are coroutines here need its sockets, or
let them send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from protocol.crypto import Curve
from protocol.syntax import Did
from simulator.directory import Directory, WebIdentity
from simulator.events import CommitEvent, Event
from simulator.faults import Faults
from simulator.hosting import Account
from simulator.jetstream import Jetstream
from simulator.pds import Pds
from simulator.relay import Relay
from simulator.repo import Write
from simulator.world import World

LOOPBACK: Final = "127.0.0.1"
_SHUTDOWN_SECONDS: Final = 1.0


class Network:
    """`async with Network(world) as network:` serves the world until the context ends.

    `plc_url`, `pds_urls`, `relay_url` (a `ws://` origin), `directory_url` (the relay's HTTP origin) and
    `handle_resolver_url` are known inside of the context. A world is served by one network, and a network serves once.
    `faults`: what goes wrong from now on.
    """

    def __init__(self, world: World, faults: Faults | None = None) -> None:
        self.world = world
        self._faults = faults
        self.plc_url = self.directory_url = self.relay_url = self.jetstream_url = ""
        self.pds_urls: list[str] = []
        self._pdses = [Pds(world, number) for number in range(world.hosts)]
        self.relay = self._new_relay()
        self._relays = [self.relay]
        self._stack = AsyncExitStack()
        for event in world.events:
            self._carry(event, (event,))
        world.watch(lambda event: self._carry(event, faults.carried(event) if faults else (event,)))

    @property
    def handle_resolver_url(self) -> str:
        """Any PDS knows every handle."""
        return self.pds_urls[0]

    async def __aenter__(self) -> Self:
        self.plc_url = await self._serve(Directory(self.world, self.pds_urls).application())
        for pds in self._pdses:
            self.pds_urls.append(await self._serve(pds.application()))
            self._stack.push_async_callback(pds.stream.close)
        self.directory_url = await self._serve(self.relay.application())
        self._stack.push_async_callback(self.relay.stream.close)
        self.relay_url = self.directory_url.replace("http://", "ws://")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def run(self, rate_per_second: float) -> None:
        """Let people live at about this many writes a second, at times of chance, until cancelled."""
        chances = self.world.random("pace")
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + chances.expovariate(rate_per_second), loop.time() - 1.0)
            await asyncio.sleep(due - loop.time())
            self.world.live()

    async def create_web_account(self, handle: str, *, curve: Curve = "k256", host: int = 0) -> Account:
        """An account whose DID is `did:web:localhost%3APORT`, with a host of its own that proves it."""
        identity = WebIdentity(self.world, self.pds_urls)
        origin = await self._serve(identity.application())
        did = Did(f"did:web:localhost%3A{origin.rsplit(':', 1)[1]}")
        identity.claim(did)
        return self.world.create_account(handle, did=did, curve=curve, host=host)

    async def add_relay(self) -> tuple[Relay, str]:
        """Another relay of the same hosts, with numbers of its own; and its `ws://` origin."""
        relay = self._new_relay()
        for event in self.world.events:
            relay.carry(event)
        self._relays.append(relay)
        origin = await self._serve(relay.application())
        self._stack.push_async_callback(relay.stream.close)
        return relay, origin.replace("http://", "ws://")

    async def add_jetstream(self) -> Jetstream:
        """A Jetstream beside the relay; `jetstream_url` (a `ws://` origin) is known from now on."""
        jetstream = Jetstream(self.world)
        self.jetstream_url = (await self._serve(jetstream.application())).replace("http://", "ws://")
        self._stack.push_async_callback(jetstream.close)
        return jetstream

    async def write(self, did: Did, writes: Sequence[Write]) -> CommitEvent:
        """As the world's `write`."""
        event = self.world.write(did, writes)
        await asyncio.sleep(0)
        return event

    def _carry(self, event: Event, to_relay: Iterable[Event]) -> None:
        for pds in self._pdses:
            pds.carry(event)
        for carried in to_relay:
            for relay in self._relays:
                relay.carry(carried)

    def _new_relay(self) -> Relay:
        if self._faults is None:
            return Relay(self.world, self._pdses, self.pds_urls)
        return Relay(self.world, self._pdses, self.pds_urls, self._faults.send, self._faults.skips)

    async def _serve(self, application: web.Application) -> str:
        """Listen on a port of its own until the context ends; gives the origin."""
        if self._faults:
            application.middlewares.insert(0, self._faults.middleware)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, 0).start()
        return f"http://{LOOPBACK}:{runner.addresses[0][1]}"
