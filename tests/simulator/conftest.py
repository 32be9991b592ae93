"""A small simulated network, and a client for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import aiohttp
import pytest_asyncio

from simulator import Network
from tests.simulator.wire import small_world


@pytest_asyncio.fixture
async def network() -> AsyncGenerator[Network]:
    async with Network(small_world()) as network:
        yield network


@pytest_asyncio.fixture
async def http() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
