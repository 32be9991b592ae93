"""A served AppView on a fresh database, and the stage on which to put people."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from pydantic import SecretStr

from appview import server
from runtime import db
from runtime.settings import Settings
from tests.appview.stage import Client, Stage


@pytest.fixture
def stage(pool: db.Pool) -> Stage:
    """People and records."""
    return Stage(pool)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """What the AppView of a test runs with. Nothing is held: what a test has written is read by its next request."""
    return Settings.load(
        {}, database_url=SecretStr(database_url), read_pool_size=4, statement_timeout=1.0, answer_hold=0
    )


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncGenerator[Client]:
    """Asks an AppView that listens on a port of its own."""
    runner = web.AppRunner(await server.application(settings), max_line_size=settings.url_max_bytes)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield Client(session)
    await runner.cleanup()
