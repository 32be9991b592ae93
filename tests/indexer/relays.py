"""A host on loopback that serves `subscribeRepos` by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from indexer.firehose import PATH

from .repos import encode, frame

Script = Callable[[web.WebSocketResponse, int | None], Awaitable[None]]


def identity(seq: int, did: str = "did:plc:tracked", **fields: Any) -> bytes:
    return frame("#identity", {"seq": seq, "did": did, "time": "2026-05-01T11:59:59.000Z"} | fields)


def error(name: str) -> bytes:
    return encode({"op": -1}) + encode({"error": name, "message": ""})


class Relay:
    """Runs the next script for each subscription (the last one again and again); remembers the cursors asked for.

    `descriptions`: status and text of each answer of what it is, the last one again and again.
    """

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.cursors: list[int | None] = []
        self.origin = ""
        self.descriptions: list[tuple[int, str]] = [(404, '{"error": "MethodNotImplemented"}')]

    async def describe(self, _request: web.Request) -> web.Response:
        status, text = self.descriptions.pop(0) if len(self.descriptions) > 1 else self.descriptions[0]
        return web.Response(text=text, status=status)

    async def subscribe(self, request: web.Request) -> web.WebSocketResponse:
        cursor = request.query.get("cursor")
        self.cursors.append(None if cursor is None else int(cursor))
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await script(socket, self.cursors[-1])
        await socket.close()
        return socket


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncGenerator[Relay]:
    relay = Relay(*scripts)
    app = web.Application()
    app.router.add_get(PATH, relay.subscribe)
    app.router.add_get("/xrpc/com.atproto.server.describeServer", relay.describe)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    relay.origin = f"ws://127.0.0.1:{server.port}"
    try:
        yield relay
    finally:
        await server.close()


def sends(*data: bytes, then: float = 0.0) -> Script:
    """Send these frames, wait, and close."""

    async def script(socket: web.WebSocketResponse, _cursor: int | None) -> None:
        for item in data:
            await socket.send_bytes(item)
        await asyncio.sleep(then)

    return script


def sends_after_cursor(*events: tuple[int, bytes]) -> Script:
    """As a relay does: what comes after the cursor, then nothing more."""

    async def script(socket: web.WebSocketResponse, cursor: int | None) -> None:
        for seq, item in events:
            if cursor is None or seq > cursor:
                await socket.send_bytes(item)
        await asyncio.sleep(60)

    return script


async def hold(socket: web.WebSocketResponse, _cursor: int | None) -> None:
    """Say nothing until the other side goes."""
    await socket.receive()
