"""A served AppView that listens to changes, and so holds what it has read."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web
from pydantic import SecretStr

from appview import server
from appview.changes import CHANNEL, Changes
from runtime import db
from runtime.settings import Settings
from tests.appview.stage import Client

PATIENCE = 5.0
_NUMBERS = itertools.count()


def holding(database_url: str) -> Settings:
    """The AppView that tokens are made for, which holds for as long as it may."""
    return Settings.load({}, database_url=SecretStr(database_url), service_url="https://appview.example.com")


class Served:
    """Asks it, and waits for what it is told."""

    def __init__(self, client: Client, changes: Changes, pool: db.Pool) -> None:
        self.client = client
        self.changes = changes
        self.pool = pool

    async def told(self) -> None:
        """Wait until all that was committed has been told: changes are told in the order of their commits."""
        name = f"told_{next(_NUMBERS)}"
        await self.pool.execute("SELECT pg_notify($1, $2)", CHANNEL, name)
        async with asyncio.timeout(PATIENCE):
            while name not in self.changes._changed:  # noqa: ASYNC110 - another process tells it
                await asyncio.sleep(0.001)

    async def listening(self, *, hears: bool = True) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.changes.hears != hears:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.001)


@asynccontextmanager
async def hearing(settings: Settings, pool: db.Pool) -> AsyncGenerator[Served]:
    """One that listens to changes from the beginning."""
    app = await server.application(settings)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        each = Served(Client(session), app[server.CHANGES], pool)
        await each.listening()
        yield each
    await runner.cleanup()
