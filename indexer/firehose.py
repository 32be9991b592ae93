"""The subscription to a relay, its frames sorted into the inbox.

Connects at the stored cursor, live when there is none; subscriber.py keeps the connection. Frames that are not ours end
here; nothing is verified. What may have been missed is noted (gaps.py) before anything behind it is read.
Spec: com.atproto.sync.subscribeRepos, https://atproto.com/specs/event-stream; sync.md sections 1 and 6.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from typing import Any, cast

import aiohttp
import asyncpg
import orjson

from indexer import frames, metrics
from indexer.frames import Envelope, FrameInvalid, Interest
from indexer.gaps import at_first_frame, while_away
from indexer.hosts import is_about_the_host
from indexer.inbox import Inbox, Position
from indexer.judge import Source
from indexer.outbound import http_origin
from indexer.rejections import Rejection
from indexer.stages import ErrorFrame, Frame, InfoFrame
from indexer.subscriber import StreamEnded, StreamLimits, Subscriber, position_of
from protocol.text import pg_text
from runtime.db import Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

PATH = "/xrpc/com.atproto.sync.subscribeRepos"
DESCRIBE_PATH = "/xrpc/com.atproto.server.describeServer"
# A description is much smaller; what is cut is no object.
DESCRIPTION_BYTES = 65_536

# A host of which so many numbers in a row are to be passed over gives nothing.
MOST_SKIPPED = 1_024


class Firehose(Subscriber):
    """Reads one of several relays, in order of preference."""

    DATA = frozenset({aiohttp.WSMsgType.BINARY})

    def __init__(
        self, relays: tuple[str, ...], inbox: Inbox, interest: Interest, pool: Pool, limits: StreamLimits
    ) -> None:
        super().__init__(relays, inbox, interest, pool, limits)
        self._skip = 0
        self._numbered = False

    async def _listen(self, session: aiohttp.ClientSession, origin: str) -> None:
        stored = await self._pool.fetchrow(SQL["read_cursor"], origin)
        here = self._inbox.source is not None and self._inbox.source.origin == origin
        position = self._inbox.position if here else position_of(stored)
        cursor = position.seq if here or stored else None
        url = self._live(origin) + ("" if cursor is None else f"?cursor={cursor}")
        self._numbered = False
        async with self._subscription(session, origin, url) as socket:
            source = Source(origin, await self._is_pds(session, origin, known=_was_pds(stored)))
            if self._inbox.source != source:
                await self._inbox.attach(source, position)
            missed = {"another_relay"} if await self._gaps.changed_from_another(origin) else set[str]()
            if stored and (reason := while_away(stored["known_until"], datetime.now(UTC), self._limits.gaps)):
                missed.add(reason)
            await self._note_at_start(missed)
            await self._pool.execute(SQL["subscribed"], origin, "pds" if source.is_pds else "relay")
            self.stands.set()
            log.info("%s: subscribed at %s", origin, "live" if cursor is None else f"cursor {cursor}")
            await self._read(socket)

    def _live(self, origin: str) -> str:
        return origin + PATH

    def _is_event(self, message: aiohttp.WSMessage) -> bool:
        if message.type is not aiohttp.WSMsgType.BINARY:
            return False
        envelope = frames.read(message.data)
        return envelope.seq > 0 and frames.is_readable(envelope)

    async def _is_pds(self, session: aiohttp.ClientSession, origin: str, *, known: bool | None) -> bool:
        """Whether the host speaks for its own accounts only. `known`: what it was last time; None: it was never read.

        One that is silent, broken or asked too much, or answers with what is no object, stays what it was. Of one that
        was never read nothing is read until it answers: a PDS that is taken for a relay could have anybody deleted, and
        what a relay that is taken for a PDS says of others would be lost. An answer that is no object is a relay's
        then: whose stream stands, and who is a PDS, describes itself.
        """
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            status, body = await self._get(session, http_origin(origin) + DESCRIBE_PATH, DESCRIPTION_BYTES)
            if not is_about_the_host(status):
                said = _object(body)
                return bool(known) if said is None else status == 200 and "did" in said
        if known is None:
            raise StreamEnded("unknown_kind")
        return known

    async def _frame(self, data: bytes) -> bool:
        """Sort one frame. True when it had to wait for room."""
        try:
            envelope = frames.read(data)
            self._counts.saw(envelope.kind)
            if envelope.kind in (frames.INFO, frames.ERROR):
                await self._about_the_stream(frames.parse(envelope))
                return False
            last = self._inbox.position.seq
            position = Position(envelope.seq or last, envelope.body.get("time"))
            is_usual = self._numbered and envelope.seq > last
            if envelope.seq and not is_usual and not await self._is_next(position):
                return False
            if not frames.concerns(envelope, self._interest):
                if not self._tells and frames.is_readable(envelope):
                    await self._tell()
                self._inbox.passed(position)
                return False
            return await self._take(envelope, data, position)
        except FrameInvalid as fault:
            metrics.FRAMES_REJECTED.labels(fault.reason).inc()
            log.info("a frame was dropped: %s", fault)
            return False

    async def _take(self, envelope: Envelope, data: bytes, position: Position) -> bool:
        self._counts.saw_ours()
        try:
            frame = frames.parse(envelope)
        except FrameInvalid as fault:
            self._inbox.passed(position)
            reason = pg_text(f"{fault.reason}: {fault}")
            await self._pool.execute(SQL["note_refused"], frames.subject(envelope), reason)
            raise
        assert not isinstance(frame, InfoFrame | ErrorFrame)
        return await self._put(frame, data, position)

    async def _tell(self) -> None:
        self._skip = 0
        await super()._tell()

    async def _is_next(self, position: Position) -> bool:
        """Whether a number goes on from the last. A first one below the cursor means that the host began anew."""
        seq, last = position.seq, self._inbox.position.seq
        is_first, self._numbered = not self._numbered, True
        if is_first and seq >= last and (reason := at_first_frame(self._inbox.position, position, self._limits.gaps)):
            await self._note_gap(reason)
        if seq > last:
            return True
        if is_first and seq < last:
            await self._begin_anew("seq_below_cursor")
        metrics.FRAMES_REJECTED.labels(Rejection.DUPLICATE_SEQ).inc()
        return False

    async def _about_the_stream(self, frame: Frame) -> None:
        if isinstance(frame, InfoFrame):
            log.warning("the relay says %s: %s", frame.name, frame.message)
            if frame.name == "OutdatedCursor":
                await self._note_once("outdated_cursor")
        elif isinstance(frame, ErrorFrame):
            if frame.error == "FutureCursor":
                await self._begin_anew("future_cursor")
            raise StreamEnded("consumer_too_slow" if frame.error == "ConsumerTooSlow" else "error_frame")

    async def _step_over(self) -> None:
        """Ask past a frame that is too large, whose number is not known: in growing steps until another one comes."""
        metrics.FRAMES_REJECTED.labels(Rejection.FRAME_TOO_LARGE).inc()
        await self._note_once("frame_too_large")
        self._skip = max(1, self._skip * 2)
        self._heard = self._skip < MOST_SKIPPED
        self._inbox.passed(self._inbox.position._replace(seq=self._inbox.position.seq + self._skip))
        raise StreamEnded("frame_too_large")

    async def _begin_anew(self, reason: str) -> None:
        """The host numbers its events from the beginning again: our cursor means nothing to it.

        One that does so time and again, and says nothing that can be read in between, is silent.
        """
        assert self._inbox.source is not None
        self._heard = self._told
        await self._note_once(reason)
        await self._inbox.attach(self._inbox.source, Position(0, None))
        await self._pool.execute(SQL["reset_cursor"], self._inbox.source.origin)
        raise StreamEnded(reason)


def _was_pds(stored: asyncpg.Record | None) -> bool | None:
    """Whether the host was a PDS when it was read last, as such or as a relay."""
    return stored["kind"] == "pds" if stored and stored["kind"] in ("pds", "relay") else None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
