"""The subscription to a Jetstream, in place of a relay's, for those who cannot afford the full stream's bandwidth.

It brings the records of the indexed collections alone, and what happens to identities, accounts and repos; nothing is
signed. The cursor is the time, in microseconds, at which the Jetstream saw the last event, and what it saw then is sent
again: what comes twice is told by its rev (unsigned.py). Compressed with the host's dictionary where it has one. The
client of the package `atproto` is not used: it hides what fails behind it, drops an event that its models refuse, or
ends with it, and gives records as those models, of which the exact bytes cannot be had; its imports take 60 MB.
Spec: network.bsky.jetstream.{subscribeEvents,getZstdDictionary} (lexicons of Jetstream v2); sync.md section 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import aiohttp
import zstandard

from indexer import jetstream_events, metrics
from indexer.frames import ERROR, INFO, FrameInvalid, Interest
from indexer.gaps import at_first_frame, while_away
from indexer.inbox import Inbox, Position
from indexer.jetstream_events import METHOD, Event, time_of
from indexer.judge import source_of
from indexer.outbound import http_origin
from indexer.rejections import Rejection
from indexer.stages import ErrorFrame, Frame, InfoFrame
from indexer.subscriber import StreamEnded, StreamLimits, Subscriber, position_of
from runtime.db import Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

KIND: Final = "jetstream"
DICTIONARY_PATH: Final = "/xrpc/network.bsky.jetstream.getZstdDictionary"
# A dictionary has some 100 KB; what is much larger is cut, and then is none.
DICTIONARY_BYTES: Final = 1_000_000
# On the first subscription the cursor is set so much before our clock's time, which need not be the host's.
SKEW_MICROS: Final = 60_000_000
GAPS: Final = {"OutdatedCursor": "outdated_cursor", "FutureCursor": "future_cursor"}


class Jetstream(Subscriber):
    """Reads one of several Jetstreams, in order of preference.

    `indexed`: the collections, by their names in repos; `future`: how far ahead of our clock an event may be.
    """

    DATA = frozenset({aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY})
    SUBPROTOCOLS = ("xrpc.v1.json",)

    def __init__(  # noqa: PLR0913, PLR0917 - its neighbours
        self,
        hosts: tuple[str, ...],
        inbox: Inbox,
        interest: Interest,
        indexed: Collection[str],
        pool: Pool,
        limits: StreamLimits,
        future: timedelta,
    ) -> None:
        super().__init__(hosts, inbox, interest, pool, limits)
        self._indexed = frozenset(indexed)
        self._future = future
        self._decompressor: zstandard.ZstdDecompressor | None = None
        self._without_dictionary: set[str] = set()
        self._skips_large = False
        self._follows = False  # whether the present subscription has gone on from the cursor

    async def _listen(self, session: aiohttp.ClientSession, origin: str) -> None:
        here = self._inbox.source is not None and self._inbox.source.origin == origin
        last = self._inbox.position if here else position_of(await self._pool.fetchrow(SQL["read_cursor"], origin))
        self._follows = False
        began = int(datetime.now(UTC).timestamp() * 1e6) - SKEW_MICROS
        url = await self._url(session, origin, last.seq or None)
        try:
            async with self._subscription(session, origin, url) as socket:
                if not here:
                    await self._inbox.attach(source_of(origin, KIND), last._replace(seq=last.seq or began))
                missed = {"another_relay"} if await self._gaps.changed_from_another(origin) else set[str]()
                if last.seq and (reason := while_away(time_of(last.seq), datetime.now(UTC), self._limits.gaps)):
                    missed.add(reason)
                await self._note_at_start(missed)
                await self._pool.execute(SQL["subscribed"], origin, began)
                self.stands.set()
                log.info("%s: subscribed at %s", origin, f"cursor {last.seq}" if last.seq else "live")
                await self._read(socket)
        except aiohttp.WSServerHandshakeError as fault:
            if fault.status == 400:  # it may have another dictionary by now, or none
                self._without_dictionary ^= {origin}
            raise

    async def _url(self, session: aiohttp.ClientSession, origin: str, cursor: int | None) -> str:
        url = self._live(origin)
        if cursor is not None:
            url += f"&cursor={cursor}"
        if self._skips_large:
            url += f"&maxMessageSizeBytes={self._limits.frame_max_bytes}"
            self._skips_large = False
        self._decompressor = None
        dictionary = None if origin in self._without_dictionary else await self._dictionary(session, origin)
        if dictionary is None:
            return url
        self._decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)
        return f"{url}&zstdDictionary={dictionary.dict_id()}"

    def _live(self, origin: str) -> str:
        return f"{origin}/xrpc/{METHOD}?{urlencode([('collections', name) for name in sorted(self._indexed)])}"

    async def _dictionary(self, session: aiohttp.ClientSession, origin: str) -> zstandard.ZstdCompressionDict | None:
        """The host's dictionary; None: the stream comes as it is."""
        url = http_origin(origin) + DICTIONARY_PATH
        try:
            status, data = await self._get(session, url, DICTIONARY_BYTES)
            if status == 200:
                return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
            why = f"status {status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, zstandard.ZstdError) as fault:
            why = repr(fault)
        log.info("%s: not compressed, for it gives no dictionary: %s", origin, why)
        return None

    def _is_event(self, message: aiohttp.WSMessage) -> bool:
        return message.type is aiohttp.WSMsgType.TEXT and jetstream_events.read(message.data).micros > 0

    async def _frame(self, data: str | bytes) -> bool:
        """Sort one message. True when it had to wait for room."""
        try:
            text = await self._decompressed(data) if isinstance(data, bytes) else data
            event = jetstream_events.read(text)
            self._counts.saw(event.kind)
            if event.kind in (INFO, ERROR):
                await self._about_the_stream(jetstream_events.parse(event))
                return False
            self._check_time(event)
            position = Position(event.micros, event.time)
            if not self._follows:
                await self._look_at_first(position)
            if not jetstream_events.concerns(event, self._interest, self._indexed):
                if not self._tells:
                    await self._tell()
                self._inbox.passed(position)
                return False
            return await self._take(event, text if isinstance(text, bytes) else text.encode(), position)
        except FrameInvalid as fault:
            metrics.FRAMES_REJECTED.labels(fault.reason).inc()
            log.info("an event was dropped: %s", fault)
            return False

    async def _take(self, event: Event, raw: bytes, position: Position) -> bool:
        self._counts.saw_ours()
        try:
            large = len(raw) > jetstream_events.LARGE
            frame = await asyncio.to_thread(jetstream_events.parse, event) if large else jetstream_events.parse(event)
        except FrameInvalid:
            self._inbox.passed(position)
            raise
        assert not isinstance(frame, InfoFrame | ErrorFrame)
        return await self._put(frame, raw, position)

    async def _look_at_first(self, first: Position) -> None:
        """A Jetstream that has the event at the cursor sends it again: what comes in its place tells of a gap."""
        self._follows = True
        if reason := at_first_frame(self._inbox.position, first, self._limits.gaps):
            await self._note_gap(reason)

    def _check_time(self, event: Event) -> None:
        """An event from the future would take the cursor with it."""
        if event.micros > (datetime.now(UTC) + self._future).timestamp() * 1e6:
            raise FrameInvalid("the event is from the future")

    async def _decompressed(self, data: bytes) -> bytes:
        if self._decompressor is None:
            raise FrameInvalid("a binary message in a stream that is not compressed")
        most = self._limits.frame_max_bytes
        try:
            if zstandard.frame_content_size(data) > most:
                await self._note_gap("frame_too_large")
                raise FrameInvalid("larger than is read", Rejection.FRAME_TOO_LARGE)
            return self._decompressor.decompress(data, max_output_size=most)
        except zstandard.ZstdError as fault:
            raise FrameInvalid(f"not compressed with the host's dictionary: {fault}") from fault

    async def _about_the_stream(self, frame: Frame) -> None:
        if isinstance(frame, InfoFrame):
            log.warning("the Jetstream says %s: %s", frame.name, frame.message)
            if frame.name in GAPS:
                await self._note_once(GAPS[frame.name])
        elif isinstance(frame, ErrorFrame):
            raise StreamEnded("consumer_too_slow" if frame.error == "ConsumerTooSlow" else "error_frame")

    async def _step_over(self) -> None:
        """The next subscription leaves out what is too large."""
        metrics.FRAMES_REJECTED.labels(Rejection.FRAME_TOO_LARGE).inc()
        await self._note_once("frame_too_large")
        self._skips_large = self._heard = True
        raise StreamEnded("frame_too_large")
