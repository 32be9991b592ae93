"""Listening on the addresses that the settings name, and saying which setting is at fault where that can't be done."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Generator

from aiohttp import web


class AddressUnusable(RuntimeError):
    """An address can't be listened on; the message names the setting and says why."""


async def listen(runner: web.AppRunner, setting: str, address: str, *, backlog: int = 128, shared: bool = False) -> str:
    """Let the runner answer at HOST:PORT; where exactly, as a URL. Raises AddressUnusable.

    `shared`: other processes of ours listen there too.
    """
    host, port = _parts(address)
    site = web.TCPSite(runner, host, port, backlog=backlog, reuse_port=shared)
    with _naming(setting, address):
        await site.start()
    return site.name


def check_free(setting: str, address: str) -> None:
    """Raise AddressUnusable where a process of ours that is started later could not listen."""
    host, port = _parts(address)
    with _naming(setting, address):
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)


def _parts(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


@contextlib.contextmanager
def _naming(setting: str, address: str) -> Generator[None]:
    try:
        yield
    except OSError as fault:
        why = os.strerror(fault.errno) if fault.errno and fault.errno > 0 else str(fault)
        raise AddressUnusable(f"{setting}: nothing can listen at {address}: {why}") from fault
