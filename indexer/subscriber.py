"""Keeps one subscription to the most preferred host that answers, whatever it speaks.

Reconnects with growing, jittered pauses, leaves a host that is silent for too long or said to be blind (`turn_away`),
turns to the next one (relays.py), and returns to a preferred one that sends again. aiohttp reads some 300,000 frames/s
on one core where `websockets` reads 40,000, and both stop reading the socket when we do. What the messages say, and
where to go on, is the matter of who inherits: firehose.py, jetstream.py. One task, and one that looks after the
preferred hosts. sync.md section 6.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import aiohttp
import asyncpg

from indexer import metrics
from indexer.frames import Interest, touches
from indexer.gaps import GapLimits, Gaps
from indexer.inbox import Inbox, Position
from indexer.judge import Arrival
from indexer.rejections import Rejection
from indexer.relays import Relays
from indexer.stages import RepoFrame
from runtime.db import PASSING_FAILURES, Pool
from runtime.stopping import Stopped, unless_stopped

log = logging.getLogger(__name__)

# The loop belongs to the reader for so many seconds at a time, and its figures are that old at most.
TURN = 0.005
# How long a host may take to say goodbye [s].
CLOSING = 1.0
# While another host is read, the preferred ones are thought of so often in the time that they rest.
LOOKS = 10


class StreamEnded(Exception):
    """A subscription is over; the message is a label of a metric."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds of the stream: bytes of a frame, seconds of silence, of pauses between attempts, and of a request.

    `rest`: seconds after which a host that was silent or blind may be tried again while another one is read.
    """

    frame_max_bytes: int
    silence: float
    pause_min: float
    pause_max: float
    request: float
    rest: float
    gaps: GapLimits


class Subscriber(ABC):
    """Reads one of several hosts, in order of preference."""

    # Which messages hold events.
    DATA: ClassVar[frozenset[aiohttp.WSMsgType]]
    SUBPROTOCOLS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, hosts: Sequence[str], inbox: Inbox, interest: Interest, pool: Pool, limits: StreamLimits
    ) -> None:
        self._hosts = Relays(hosts, limits.rest)
        self._inbox = inbox
        self._interest = interest
        self._pool = pool
        self._limits = limits
        self.stands = asyncio.Event()  # set with the first subscription, for good
        self._gaps = Gaps(pool)
        self._counts = metrics.FrameCounts()
        self._left = asyncio.Event()
        self._why_left = ""
        # Whether the present subscription gave something that can be read, and whether it did in the present turn.
        self._heard = self._tells = False
        # Whether any host did since a gap was noted, and what is to be noted as soon as one does.
        self._told = True
        self._owed: set[str] = set()

    @abstractmethod
    async def _listen(self, session: aiohttp.ClientSession, origin: str) -> None:
        """Subscribe where we left off, and `_read`."""

    @abstractmethod
    def _live(self, origin: str) -> str:
        """The URL of a subscription without a cursor."""

    @abstractmethod
    def _is_event(self, message: aiohttp.WSMessage) -> bool:
        """Whether the message is one of those that a host sends when it is well."""

    @abstractmethod
    async def _frame(self, data: Any) -> bool:
        """Sort one message. True when it had to wait for room."""

    @abstractmethod
    async def _step_over(self) -> None:
        """A message is too large to be read: see to it that the next subscription comes past it, and end this one."""

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a subscription until `stop`. Raises nothing that a host can cause."""
        with contextlib.suppress(Stopped):
            await unless_stopped(stop, self._forever())

    def turn_away(self) -> bool:
        """Read another host, for this one keeps things from us. False when there is no other."""
        if self._inbox.source is None or len(self._hosts.origins) == 1:
            return False
        self._hosts.blind(self._inbox.source.origin)
        self._leave("blind")
        return True

    def _leave(self, why: str) -> None:
        self._why_left = why
        self._left.set()

    async def _forever(self) -> None:
        failures = 0
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._limits.request)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            group.create_task(self._look_back(session))
            while True:
                self._heard = self._tells = False
                self._left.clear()
                origin = self._hosts.choose()
                await self._attempt(session, origin)
                if self._heard:
                    failures = 0
                    self._hosts.broke()
                else:
                    failures += 1
                    self._hosts.silent(origin)
                longest = min(self._limits.pause_max, self._limits.pause_min * 2 ** min(failures, 16))
                await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - jitter

    async def _attempt(self, session: aiohttp.ClientSession, origin: str) -> None:
        """One subscription, from the attempt to connect to its end."""
        try:
            await self._unless_left(self._listen(session, origin))
        except StreamEnded as end:
            metrics.DISCONNECTIONS.labels(str(end)).inc()
            log.warning("%s: the stream ended (%s)", origin, end)
        except TimeoutError:
            metrics.DISCONNECTIONS.labels("silence").inc()
            log.warning("%s: no frame for %g s", origin, self._limits.silence)
        except (aiohttp.ClientError, ValueError, *PASSING_FAILURES) as fault:
            metrics.DISCONNECTIONS.labels("no_connection").inc()
            log.warning("%s: no subscription: %s", origin, fault)
        finally:
            self._counts.flush()

    async def _unless_left(self, listening: Coroutine[Any, Any, None]) -> None:
        reading, leaving = asyncio.create_task(listening), asyncio.create_task(self._left.wait())
        try:
            await asyncio.wait((reading, leaving), return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, leaving):
                task.cancel()
            await asyncio.gather(reading, leaving, return_exceptions=True)
        raise StreamEnded(self._why_left)

    async def _look_back(self, session: aiohttp.ClientSession) -> None:
        """Leave the host that is read when one that is preferred to it sends again."""
        while True:
            await asyncio.sleep(self._limits.rest / LOOKS)
            source = self._inbox.source
            for origin in self._hosts.better(source.origin) if source is not None else ():
                if await self._sends(session, origin):
                    self._leave("preferred_relay")
                    break
                self._hosts.silent(origin)

    async def _sends(self, session: aiohttp.ClientSession, origin: str) -> bool:
        """Whether a host sends an event before its silence would count."""
        try:
            async with (
                asyncio.timeout(self._limits.silence),
                closing(await self._connect(session, self._live(origin))) as socket,
            ):
                return self._is_event(await socket.receive())
        except (aiohttp.ClientError, TimeoutError, OSError, TypeError, ValueError):
            return False

    @asynccontextmanager
    async def _subscription(
        self, session: aiohttp.ClientSession, origin: str, url: str
    ) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
        async with asyncio.timeout(self._limits.request):
            socket = await self._connect(session, url)
        metrics.CONNECTIONS.labels(origin).inc()
        metrics.CONNECTED.set(1)
        try:
            async with closing(socket):
                yield socket
        finally:
            metrics.CONNECTED.set(0)

    async def _connect(self, session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
        return await session.ws_connect(
            url,
            protocols=self.SUBPROTOCOLS,
            max_msg_size=self._limits.frame_max_bytes,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSING),  # pyright: ignore[reportCallIssue]
        )

    async def _get(self, session: aiohttp.ClientSession, url: str, most: int) -> tuple[int, bytes]:
        """Status and body of an answer beside the stream; of a body that is larger than `most` bytes, somewhat more."""
        async with asyncio.timeout(self._limits.request), session.get(url, allow_redirects=False) as answer:
            data = bytearray()
            while len(data) <= most and (chunk := await answer.content.read(most)):
                data += chunk
            return answer.status, bytes(data)

    def count(self) -> None:
        """Hand over the figures of the frames that came since the last burst."""
        self._counts.flush()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take frames until the stream ends, which it does by StreamEnded or by TimeoutError.

        What can't be read is silence: it puts off nothing.
        """
        loop = asyncio.get_running_loop()
        silence = self._limits.silence
        turn = loop.time()
        async with asyncio.timeout(silence) as deadline:
            while True:
                message = await socket.receive()
                if message.type not in self.DATA:
                    await self._other(message)
                elif await self._frame(message.data):
                    turn = 0.0
                if (now := loop.time()) - turn > TURN:
                    self._counts.flush()
                    if self._tells:
                        self._tells = False
                        deadline.reschedule(now + silence)
                    await asyncio.sleep(0)
                    turn = loop.time()

    async def _put(self, frame: RepoFrame, raw: bytes, position: Position) -> bool:
        """Hand a frame to the writer. True when it had to wait for room.

        What makes a repo ours does so at once: what comes behind it, a deletion say, waits for the same writer.
        """
        if touches(frame, self._interest.collections):
            self._interest.tracked.add(frame.did)
        if not self._tells:
            await self._tell()
        waited = not self._inbox.has_room(len(raw))
        if waited:
            self._counts.flush()
            await self._inbox.wait_for_room(len(raw))
        self._inbox.put(Arrival(frame, raw, datetime.now(UTC)), position)
        return waited

    async def _other(self, message: aiohttp.WSMessage) -> None:
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                metrics.FRAMES_REJECTED.labels(Rejection.FRAME_INVALID).inc()
            case aiohttp.WSMsgType.ERROR if getattr(message.data, "code", None) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                await self._step_over()
            case aiohttp.WSMsgType.ERROR:
                raise StreamEnded("protocol_error")
            case _:
                raise StreamEnded("closed")

    async def _tell(self) -> None:
        """Something comes that can be read; the caller has not taken it yet. Once a turn is enough."""
        self._heard = self._tells = self._told = True
        await self._note_owed()

    async def _note_at_start(self, reasons: set[str]) -> None:
        """Events may have been missed before this subscription: noted now, or with its first event.

        While all hosts are silent they are tried in turn: if each attempt were a gap of its own, the comparison that
        heals it would begin anew and never end.
        """
        self._owed |= reasons
        if self._told and self._owed:
            await self._note_owed()
            self._told = False

    async def _note_once(self, reason: str) -> None:
        """What a host may say again at each attempt, as it tells nothing in between: the gap stays open, and its
        comparison goes on to its end. The next begins with the first event.
        """
        if self._told:
            await self._note_gap(reason)
            self._told = False
        else:
            assert self._inbox.source is not None
            self._owed.add(reason)
            await self._gaps.keep_open(self._inbox.source.origin, reason)

    async def _note_owed(self) -> None:
        for reason in sorted(self._owed):
            await self._note_gap(reason)
        self._owed.clear()

    async def _note_gap(self, reason: str) -> None:
        assert self._inbox.source is not None
        await self._gaps.note(self._inbox.source.origin, reason)


def position_of(stored: asyncpg.Record | None) -> Position:
    """How far a source is in the database; the beginning when it was never read."""
    if stored is None:
        return Position(0, None)
    time: datetime | None = stored["event_time"]
    return Position(stored["seq"], time and time.isoformat())


@asynccontextmanager
async def closing(socket: aiohttp.ClientWebSocketResponse) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """A subscription that ends with the block, even if the host goes on sending: aiohttp bounds each message only."""
    try:
        yield socket
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await socket.close()
