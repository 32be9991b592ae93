"""One host's `com.atproto.sync.subscribeRepos`: what it announces under its own numbers, replayed and then live.

A subscriber gets what is retained after its cursor, then what comes; each has a task of its own that sends as fast as
the socket takes it, so a slow one holds up nobody, and one that falls behind what is retained is told `ConsumerTooSlow`
and closed. Events of an account from before its deletion are no longer replayed: their numbers are missing. Other
numbers are missing from the beginning, as a host's own are that it has counted and not used.
Spec: https://atproto.com/specs/event-stream, com.atproto.sync.subscribeRepos
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import WSCloseCode, web

from protocol.syntax import Did
from simulator.events import AccountEvent, Event, error_frame, frame, info_frame
from simulator.log import Log, Retention
from simulator.xrpc import XrpcFailure

Send: TypeAlias = Callable[[web.WebSocketResponse, Event, int], Awaitable[None]]

_AT_ONCE: Final = 100
_PING_SECONDS: Final = 30.0


class Stream:
    """`base`: the number of the first event of all; `forgotten`: how many events went before those that it gets.

    `send`: sends one event to one subscriber; ConnectionAbortedError cuts the connection. `skips`: whether the next
    number is left out.
    """

    def __init__(
        self,
        retention: Retention,
        base: int,
        forgotten: int,
        send: Send | None = None,
        skips: Callable[[], bool] | None = None,
    ) -> None:
        self._retention = retention
        self._send_event = send or _send_frame
        self._skips = skips
        self._log = Log(retention, forgotten)
        self._base = base
        self._purged: dict[Did, int] = {}
        self._skipped: set[int] = set()
        self._wakers: set[asyncio.Event] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._is_away = False

    @property
    def last_seq(self) -> int:
        """The number of the newest event; one below the first number when there is none."""
        return self._base + self._log.next - 1

    @property
    def subscribers(self) -> int:
        """How many are connected."""
        return len(self._sockets)

    def append(self, event: Event) -> None:
        if self._skips and self._skips():
            self._skipped = {at for at in self._skipped if at >= self._log.first} | {self._log.next}
            self._log.append(event)
        if isinstance(event, AccountEvent) and event.status == "deleted":
            self._purged[event.did] = self._log.next
        self._log.append(event)
        for waker in self._wakers:
            waker.set()

    async def subscribe(self, request: web.Request) -> web.WebSocketResponse:
        """The handler of the method."""
        if self._is_away:
            raise web.HTTPServiceUnavailable
        cursor = _cursor(request)
        socket = web.WebSocketResponse(compress=False, heartbeat=_PING_SECONDS)
        await socket.prepare(request)
        self._sockets.add(socket)
        tasks = (asyncio.create_task(self._send(socket, cursor)), asyncio.create_task(_read_to_the_end(socket)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(ConnectionError):
                for task in done:
                    task.result()
            if any(isinstance(task.exception(), ConnectionAbortedError) for task in done) and request.transport:
                request.transport.abort()
        finally:
            self._sockets.discard(socket)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Close every subscriber's connection, as a host that restarts."""
        closing = (socket.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(self._sockets))
        await asyncio.gather(*closing)

    async def go_away(self) -> None:
        """Close every connection, and take none until it comes back."""
        self._is_away = True
        await self.close()

    def come_back(self) -> None:
        self._is_away = False

    def forget(self) -> None:
        """Keep nothing of what was: whoever comes back has an outdated cursor."""
        self._log = Log(self._retention, self._log.next)

    async def begin_anew(self, base: int) -> None:
        """Close every connection and number all events from another base on, as a host that lost its counter."""
        self._base = base
        await self.close()

    async def _send(self, socket: web.WebSocketResponse, cursor: int | None) -> None:
        if cursor is not None and cursor > self.last_seq:
            await self._fail(socket, "FutureCursor", "Cursor in the future.")
            return
        position = self._log.next if cursor is None else max(cursor - self._base + 1, 0)
        if position < self._log.first:
            await socket.send_bytes(info_frame("OutdatedCursor", "Requested cursor exceeded limit."))
            position = self._log.first
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            while position >= self._log.first:
                waker.clear()
                position = await self._send_from(socket, position)
                if position == self._log.next:
                    await waker.wait()
            await self._fail(socket, "ConsumerTooSlow", "Stream consumer too slow")
        finally:
            self._wakers.discard(waker)

    async def _send_from(self, socket: web.WebSocketResponse, position: int) -> int:
        """Send some of what is there; gives the position of the next event."""
        for at, event in self._log.since(position, _AT_ONCE):
            if at not in self._skipped and at >= self._purged.get(event.did, 0):
                await self._send_event(socket, event, self._base + at)
            position = at + 1
        return position

    async def _fail(self, socket: web.WebSocketResponse, error: str, message: str) -> None:
        await socket.send_bytes(error_frame(error, message))
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)


async def _send_frame(socket: web.WebSocketResponse, event: Event, seq: int) -> None:
    await socket.send_bytes(frame(event, seq))


async def _read_to_the_end(socket: web.WebSocketResponse) -> None:
    """Subscribers have nothing to say; but their goodbye is noticed by reading alone."""
    async for _ in socket:
        pass


def _cursor(request: web.Request) -> int | None:
    text = request.query.get("cursor")
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise XrpcFailure(400, "InvalidRequest", "cursor must be an integer") from error
