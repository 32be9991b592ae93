"""A web server on loopback that answers as a test tells it, and a name service without a network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from protocol.fetch import Fetcher, FetchLimits
from protocol.names import NameFailed, Names, NameUnknown

LIMITS = FetchLimits(connect=2.0, first_byte=2.0, request=5.0, body_max=10_000, redirects=3)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Host:
    """`asked` are the paths and queries of the requests so far."""

    origin: str
    routes: dict[str, Handler] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def on(self, path: str, handler: Handler) -> None:
        self.routes[path] = handler

    def says(self, path: str, body: object, status: int = 200) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(body, status=status)

        self.routes[path] = answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.was_asked.set()
        handler = self.routes.get(request.path)
        return await handler(request) if handler else web.Response(status=404)


async def trickle(request: web.Request) -> web.StreamResponse:
    """A handler that begins to answer and comes to no end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def host() -> AsyncGenerator[Host]:
    """A server, reached as `localhost`."""
    found = Host("")
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.origin = f"http://localhost:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


class FixedNames(Names):
    """Knows the names that it is given; `broken` ones fail."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.known: dict[str, list[str]] = {}
        self.records: dict[str, list[str]] = {}
        self.broken: set[str] = set()

    async def addresses(self, host: str, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[str]:
        if host in self.broken:
            raise NameFailed(host)
        if host == "localhost":
            return ["127.0.0.1"]
        if host not in self.known:
            raise NameUnknown(host)
        return self.known[host]

    async def texts(self, name: str) -> list[str]:
        if name in self.broken:
            raise NameFailed(name)
        return self.records.get(name, [])


@asynccontextmanager
async def fetcher(*, trust: bool = True, limits: FetchLimits = LIMITS) -> AsyncGenerator[tuple[Fetcher, FixedNames]]:
    names = FixedNames()
    async with Fetcher(limits, names, trust_loopback=trust) as door:
        yield door, names
