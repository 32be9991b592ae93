"""A load generator for a server on loopback: HTTP/1.1 over connections that stay open, in a process of its own.

Without a rate every connection sends its next request as soon as it is answered. With one, requests are due at fixed
moments, and a latency counts from the moment at which its request was due, so that a server that stalls is not asked
less. Understands answers with a Content-Length alone; every answer other than 200 is a failure.
"""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import Sequence
from itertools import cycle, islice
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Final, NamedTuple, cast

import uvloop

from benchmarks.processes import helping
from benchmarks.report import milliseconds, per_second

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
START: Final = 30.0  # seconds for the generator to be ready, and for the last answer
LEAST: Final = 2  # answers, of fewer than which nothing can be told: they are waited for, however long they take
_OK: Final = b"HTTP/1.1 200 "


class LoadFailed(RuntimeError):
    """The server gave another answer than 200, or closed a connection; the message is what it said."""


class Load(NamedTuple):
    """How to ask: connections, seconds that count (after `warm_up`), and requests per second (None: all it can)."""

    connections: int
    seconds: float
    warm_up: float
    rate: float | None


class Answers(NamedTuple):
    """What came back: answers per second, and their latencies in seconds."""

    rate: float
    latencies: Sequence[float]

    def figures(self) -> dict[str, object]:
        return {"perSecond": self.rate, "latencyMs": milliseconds(self.latencies)}


def get(path: str) -> bytes:
    """The request of a path with its query, which has to be encoded."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()


def ask(port: int, requests: Sequence[bytes], load: Load) -> Answers:
    """Send the requests, in turn and again from the first. Raises LoadFailed."""
    with helping(_generate, port, requests, load) as helper:
        failure, latencies = helper.receive(START + load.warm_up + load.seconds)
    if failure:
        raise LoadFailed(failure)
    return Answers(per_second(len(latencies), load.seconds), latencies)


def _generate(pipe: Connection, port: int, requests: Sequence[bytes], load: Load) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        pipe.send(runner.run(_run(port, requests, load)))


async def _run(port: int, requests: Sequence[bytes], load: Load) -> tuple[str, array[float]]:
    loop = asyncio.get_running_loop()
    begin = perf_counter() + load.warm_up
    run = _Run(begin, begin + load.seconds)
    loop.set_exception_handler(lambda _, context: run.fail(repr(context)))
    interval = load.connections / load.rate if load.rate else 0.0
    for number in range(load.connections):
        own = islice(cycle(requests), number * len(requests) // load.connections, None)
        client = _Client(run, own, interval)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
        client.start(perf_counter() + interval * number / load.connections)
    await run.over.wait()
    return run.failure, run.latencies


class _Run:
    """What the connections of a run share."""

    def __init__(self, begin: float, end: float) -> None:
        self.begin = begin
        self.end = end
        self.over = asyncio.Event()
        self.failure = ""
        self.latencies = array("d")

    def fail(self, message: str) -> None:
        if not self.over.is_set():
            self.failure = message
            self.over.set()


class _Client(asyncio.Protocol):
    """One connection; one request is under way at any time."""

    def __init__(self, run: _Run, requests: islice[bytes], interval: float) -> None:
        self._run = run
        self._requests = requests
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are not of asyncio's classes

    def start(self, due: float) -> None:
        self._due = due
        self._loop.call_later(due - perf_counter(), self._send)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head + 2)
        if length is None or not self._buffer.startswith(_OK):
            self._run.fail(self._buffer[:2_000].decode(errors="replace"))
        elif len(self._buffer) >= head + 4 + int(length[1]):
            self._buffer = b""
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail(f"the connection was closed: {exc}")

    def _send(self) -> None:
        self._transport.write(next(self._requests))

    def _answered(self) -> None:
        now = perf_counter()
        run = self._run
        if now >= run.end and len(run.latencies) >= LEAST:
            run.over.set()
            return
        if self._due >= run.begin:
            run.latencies.append(now - self._due)
        self._due = self._due + self._interval if self._interval else now
        if self._due <= now:
            self._send()
        else:
            self._loop.call_later(self._due - now, self._send)
