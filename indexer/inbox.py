"""The bounded queue between the stream's reader and the writer, and how far the reader has come.

Bounded by frames and by bytes: when it is full the reader stops reading, the socket fills, and the relay waits. What
the writer has taken stays here until it is committed (`peek`, then `drop`), so that a batch can be tried again.
Belongs to the event loop: one reader, one writer. sync.md section 6, backpressure.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import NamedTuple

from indexer.judge import Arrival, Source


class Position(NamedTuple):
    """How far a source has been read: the frame's number, and what it says of its time."""

    seq: int
    time: str | None


class Inbox:
    """Frames of one source at a time, in order."""

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self.source: Source | None = None
        self.attachment = 0  # how often a source, or a position, was taken up
        self.position = Position(0, None)
        self.bytes = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[Arrival, Position]] = deque()
        self._changed = asyncio.Condition()
        self._filled = asyncio.Event()
        self._crowded = False  # the reader waits for room
        self._wanted = 0  # by who gathers
        self._enough = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    async def attach(self, source: Source, position: Position) -> None:
        """Go on with another source, or from another position, once all that was read is written."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._waiting)
            self.source, self.position = source, position
            self.attachment += 1

    def has_room(self, size: int) -> bool:
        """Whether a frame of so many bytes may be put. One frame always fits into an empty queue."""
        return not self._waiting or (len(self._waiting) < self._max_frames and self.bytes + size <= self._max_bytes)

    async def wait_for_room(self, size: int) -> None:
        self._crowded = True
        self._enough.set()
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self.has_room(size))
        finally:
            self._crowded = False

    def put(self, arrival: Arrival, position: Position) -> None:
        """Add a frame; the reader has come as far as `position`."""
        self._waiting.append((arrival, position))
        self.bytes += len(arrival.raw)
        self.position = position
        self._filled.set()
        if len(self._waiting) >= self._wanted:
            self._enough.set()

    def passed(self, position: Position) -> None:
        """The reader has come as far as `position`, and nothing up to there is ours."""
        self.position = position

    async def wait(self, patience: float) -> None:
        """Until there is a frame, or for `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._filled.wait()
        except TimeoutError:
            return

    async def gather(self, number: int, patience: float) -> None:
        """Until so many frames wait, or the reader waits for room, or for `patience` seconds."""
        if self._crowded or len(self._waiting) >= number:
            return
        self._wanted = number
        self._enough.clear()
        try:
            async with asyncio.timeout(patience):
                await self._enough.wait()
        except TimeoutError:
            return

    def peek(self, limit: int) -> tuple[list[Arrival], Position]:
        """The oldest frames, which stay, and how far everything is in the database once they are."""
        oldest = [arrival for arrival, _ in islice(self._waiting, limit)]
        return oldest, self.position_after(len(oldest))

    def position_after(self, count: int) -> Position:
        """How far everything is in the database once the oldest `count` frames are."""
        return self.position if count == len(self._waiting) else self._waiting[count - 1][1]

    async def drop(self, count: int) -> None:
        """The oldest frames are written."""
        async with self._changed:
            for _ in range(count):
                arrival, _ = self._waiting.popleft()
                self.bytes -= len(arrival.raw)
            if not self._waiting:
                self._filled.clear()
            self._changed.notify_all()
