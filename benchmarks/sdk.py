"""What anybody would reach for: the Python SDK's subscription to a relay, parsing every message.

Runs in a process of its own, on the same stream as ours. It parses a frame and does nothing with it: no filter beyond
that, no verification, no storing.
"""

from __future__ import annotations

from multiprocessing.connection import Connection
from time import monotonic, process_time
from typing import Any, NamedTuple

from benchmarks.player import Recording, playing
from benchmarks.processes import helping
from benchmarks.report import memory_mb

PATIENCE = 30.0  # seconds without a frame
SLOWEST = 2_000  # frames in a second


class SdkReading(NamedTuple):
    """Frames parsed, those that the SDK refused to parse, seconds, seconds of work, and memory [MB]."""

    frames: int
    refused: int
    seconds: float
    work: float
    memory: float


def read(recording: Recording, ours: int) -> SdkReading:
    """The SDK's reading of the recording, up to its end with `ours` frames of ours."""
    total = recording.frames(ours)
    with playing(recording, ours) as player, helping(_read, player.origin, total) as reader:
        started = player.started(PATIENCE)
        refused, ended, work, memory = reader.receive(PATIENCE + total / SLOWEST)
    return SdkReading(total, refused, ended - started, work, memory)


def _read(pipe: Connection, origin: str, total: int) -> None:
    # Reading its modules takes a second, which no other process of a benchmark is to wait for.
    from atproto import (  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415
        FirehoseSubscribeReposClient,
        parse_subscribe_repos_message,
    )
    from atproto_client.exceptions import AtProtocolError  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415

    client = FirehoseSubscribeReposClient(base_uri=f"{origin}/xrpc", recv_timeout=PATIENCE)
    seen = refused = 0
    began = process_time()

    def on_message(message: Any) -> None:
        nonlocal seen, refused
        seen += 1
        try:
            parse_subscribe_repos_message(message)
        except AtProtocolError:
            refused += 1
        if seen == total:
            pipe.send((refused, monotonic(), process_time() - began, memory_mb()))
            client.stop()

    client.start(on_message)
