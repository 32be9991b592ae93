"""A gate on the way to a host: a loopback port that passes every connection on, or, when it is shut, refuses it.

Belongs to the test's event loop, which must go on running while something else uses the gate.
"""

import asyncio
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65_536  # bytes


class Gate:
    """An asynchronous context manager; open at first. `url` is the origin to use in place of the host's own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = parts.hostname, parts.port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.WriteTransport] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    async def open(self) -> None:
        """Passes connections on, under the same address as before."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuses connections, and cuts those that stand."""
        if self._server is not None:
            self._server.close()
            for transport in self._transports:
                transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        ends = {writer.transport, back.transport}
        self._transports |= ends
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            self._transports -= ends
            for transport in ends:
                transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
