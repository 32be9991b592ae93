"""A network of a PDS and a directory, and the parts that sync from it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from runtime.db import Pool

from .network import Network, Parts, network, running


@pytest.fixture
async def net() -> AsyncGenerator[Network]:
    async with network() as net:
        yield net


@pytest.fixture
async def parts(tmp_path: Path, net: Network, pool: Pool) -> AsyncGenerator[Parts]:
    """Documents may be read anew at once."""
    async with running(tmp_path, net, pool, identity_refresh_min=0.1) as parts:
        yield parts
