"""How fast the indexer reads the network's stream: one process that filters it, verifies what is ours and stores it.

A player (another process) sends a recording in which one frame of a hundred is ours, as fast as it is taken. What is
measured is `plyr-appview index`, as it is run in earnest, from the moment at which its subscription stands until the
cursor in the database covers the last frame. The SDK reads the same stream before, parses every message and does no
more. Lost are the frames that the indexer has not seen; the records stored are compared with those of the repos.
Frames per second of the process's own work are given beside those of the clock: other work on the machine, the
player's and the database's included, stretches the latter alone.
"""

import asyncio
from typing import Annotated

import typer

from benchmarks import reading, recording, sdk, store
from benchmarks.player import Player, Recording, playing
from benchmarks.reading import Reading
from benchmarks.report import Figures, per_second, ratio
from benchmarks.store import Member, Rows

BASELINE_SHARE = 4  # the SDK reads so many times fewer frames


def run(
    frames: Annotated[int, typer.Option(min=1_000, help="frames of the stream, one of a hundred ours")] = 500_000,
    people: Annotated[int, typer.Option(min=1, help="repos that are tracked")] = 200,
    strangers: Annotated[int, typer.Option(min=1, help="repos that are not, of 1,000 to 8,000 records")] = 20,
) -> Figures:
    """Frames per second that the indexer reads, filters and stores; those that the SDK parses."""
    crowd = recording.music_people(people)
    members = [store.member(account) for account in crowd.accounts]
    ours = frames // (recording.GAP + 1)
    stream = recording.record(crowd, ours, strangers)
    baseline = sdk.read(stream, max(1, ours // BASELINE_SHARE))
    with playing(stream, ours) as player:
        read, stored = asyncio.run(_read(members, player, stream.last_seq(ours)))
    total = stream.frames(ours)
    rate, baseline_rate = per_second(total, read.seconds), per_second(baseline.frames, baseline.seconds)
    return {
        "frames": total,
        "ours": ours,
        "bytesPerFrame": _mean_size(stream),
        "framesPerSecond": rate,
        "framesPerCpuSecond": (per_core := per_second(total, read.work)),
        "lost": total - read.seen,
        "recordsMissing": len(store.records_of(crowd.accounts) ^ stored),
        "memoryMb": read.memory_figures(),
        "baseline": {
            "frames": baseline.frames,
            "framesPerSecond": baseline_rate,
            "framesPerCpuSecond": (baseline_per_core := per_second(baseline.frames, baseline.work)),
            "memoryMb": baseline.memory,
        },
        "ratio": ratio(rate, baseline_rate),
        "ratioPerCpuSecond": ratio(per_core, baseline_per_core),
    }


async def _read(members: list[Member], player: Player, last_seq: int) -> tuple[Reading, Rows]:
    """The reading, and what is stored then."""
    async with store.opened() as opened:
        await opened.settle(members)
        return await reading.read(opened, player, last_seq), await opened.records()


def _mean_size(stream: Recording) -> int:
    others = sum(map(len, stream.others)) / len(stream.others)
    ours = sum(map(len, stream.ours)) / len(stream.ours)
    return round((others * stream.gap + ours) / (stream.gap + 1))
