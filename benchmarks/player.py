"""A relay that plays a recording, in a process of its own, as fast as its one reader takes it.

The recording has frames of the network at large, played again and again under new numbers, and frames of ours, each
played once: one after so many of the others, until none is left. The websocket messages are put together before the
reader comes, so that the player costs the reader's machine little more than the copying. After the last frame the
connection stays open. A reader that comes back with a cursor is refused: a benchmark in which that happens has failed.
Spec: com.atproto.sync.subscribeRepos; RFC 6455 section 5.2.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic
from typing import Final

import uvloop
from aiohttp import web

from benchmarks.processes import Helper, helping

PATH: Final = "/xrpc/com.atproto.sync.subscribeRepos"
FIRST_SEQ: Final = 30_000_000_000  # as relays count by now; takes eight bytes like every number that follows
UNNUMBERED: Final = 0x7EDC_BA98_7654_3210  # stands for the number in a recorded frame
_PLACEHOLDER: Final = struct.pack(">Q", UNNUMBERED)
_NUMBER: Final = struct.Struct(">Q")
_BINARY_MESSAGE: Final = 0x82
_AHEAD: Final = 4_000_000  # bytes that may wait for the reader in the player
START: Final = 60.0  # seconds for the player to be ready
_PAUSE: Final = 0.0005  # seconds between two looks at what waits


@dataclass(frozen=True, slots=True)
class Recording:
    """Frames whose number is `UNNUMBERED`: `others`, and `ours`, of which one is played after every `gap` others."""

    others: Sequence[bytes]
    ours: Sequence[bytes]
    gap: int

    def frames(self, count: int) -> int:
        """How many frames are played when `count` of ours are."""
        return count * (self.gap + 1)

    def last_seq(self, count: int) -> int:
        return FIRST_SEQ + self.frames(count)


@contextmanager
def playing(recording: Recording, ours: int) -> Generator[Player]:
    """A player in a new process, until the end of the context. It ends with `ours` frames of ours."""
    with helping(_play, recording, ours) as helper:
        yield Player(f"ws://127.0.0.1:{helper.receive(START)}", helper)


class Player:
    """The player, seen from the process that started it. `origin`: where to subscribe."""

    def __init__(self, origin: str, helper: Helper) -> None:
        self.origin = origin
        self._helper = helper

    def started(self, patience: float) -> float:
        """When the reader's subscription stood, in seconds of the monotonic clock. Raises HelperFailed."""
        return self._helper.receive(patience)


def message(frame: bytes) -> bytes:
    """The frame as one websocket message of a server."""
    size = len(frame)
    if size < 126:
        head = struct.pack(">BB", _BINARY_MESSAGE, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", _BINARY_MESSAGE, 126, size)
    else:
        head = struct.pack(">BBQ", _BINARY_MESSAGE, 127, size)
    return head + frame


def messages(recording: Recording, ours: int) -> Iterator[bytes]:
    """The whole stream in pieces of one frame of ours and the others before it, numbered from `FIRST_SEQ` + 1."""
    rounds = _rounds(recording)
    seq = FIRST_SEQ
    for number in range(ours):
        piece, places = rounds[number % len(rounds)]
        for place in places:
            seq += 1
            _NUMBER.pack_into(piece, place, seq)
        seq += 1
        own = recording.ours[number].replace(_PLACEHOLDER, _NUMBER.pack(seq), 1)
        yield bytes(piece) + message(own)


def _rounds(recording: Recording) -> list[tuple[bytearray, list[int]]]:
    """The others in pieces of `gap` messages, each with where its numbers stand."""
    if not recording.gap:
        return [(bytearray(), [])]
    rounds: list[tuple[bytearray, list[int]]] = []
    for start in range(0, len(recording.others) - recording.gap + 1, recording.gap):
        piece = bytearray()
        places: list[int] = []
        for frame in recording.others[start : start + recording.gap]:
            wire = message(frame)
            places.append(len(piece) + wire.index(_PLACEHOLDER))
            piece += wire
        rounds.append((piece, places))
    return rounds


def _play(pipe: Connection, recording: Recording, ours: int) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(recording, ours, pipe))


async def _serve(recording: Recording, ours: int, pipe: Connection) -> None:
    async def subscribe(request: web.Request) -> web.WebSocketResponse:
        if "cursor" in request.query:
            raise web.HTTPBadRequest(text="the recording is played once")
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        pipe.send(monotonic())
        sending = asyncio.create_task(_send(request, recording, ours))
        try:
            await socket.receive()
        finally:
            sending.cancel()
        return socket

    app = web.Application()
    app.router.add_get(PATH, subscribe)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


async def _send(request: web.Request, recording: Recording, ours: int) -> None:
    transport = request.transport
    assert transport is not None
    for piece in messages(recording, ours):
        transport.write(piece)
        while transport.get_write_buffer_size() > _AHEAD:  # noqa: ASYNC110 - a transport tells nobody but its protocol
            await asyncio.sleep(_PAUSE)
