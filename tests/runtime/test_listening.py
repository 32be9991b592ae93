"""Addresses that can't be listened on are named, with the setting at fault."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from runtime.listening import AddressUnusable, check_free, listen


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_an_address_in_use_is_named_with_its_setting(taken: str) -> None:
    with pytest.raises(AddressUnusable, match=f"PLYR_LISTEN: nothing can listen at {taken}: Address already in use"):
        check_free("PLYR_LISTEN", taken)


async def test_a_runner_that_finds_its_address_in_use_says_so_too(taken: str) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    with pytest.raises(AddressUnusable, match=f"PLYR_LISTEN: nothing can listen at {taken}: Address already in use"):
        await listen(runner, "PLYR_LISTEN", taken)
    await runner.cleanup()


@pytest.mark.parametrize("address", ["no.such.host.invalid:3000", "192.0.2.1:3000"])
def test_an_address_that_is_not_this_machines_is_refused(address: str) -> None:
    with pytest.raises(AddressUnusable, match=f"PLYR_LISTEN: nothing can listen at {address}: "):
        check_free("PLYR_LISTEN", address)


def test_a_free_address_stays_free() -> None:
    check_free("PLYR_LISTEN", "127.0.0.1:0")
    check_free("PLYR_LISTEN", "127.0.0.1:0")
