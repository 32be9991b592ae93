"""A served AppView on a fresh database, and the stage on which to put people."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from runtime import db
from runtime.settings import Settings
from tests.appview.stage import Client, Stage, served
from tests.protocol.webhost import Host, host


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
async def plc() -> AsyncGenerator[Host]:
    """A PLC directory that knows nobody."""
    async with host() as directory:
        yield directory


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncGenerator[Client]:
    """Asks an AppView that listens on a port of its own."""
    async with served(settings) as session:
        yield Client(session)
