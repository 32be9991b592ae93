"""What the two programs hold in memory when much is tracked and much goes on.

`plyr-appview index` tracks 100,000 repos and reads an hour of the stream (at 120 frames a second, one of a hundred
ours) as fast as it can; `plyr-appview serve` then answers the mix of requests over 64 connections. Given are resident
sets, in megabytes; those of the indexer from its subscription on.
"""

import asyncio
from typing import Annotated

import typer

from benchmarks import catalogue, reading, recording, store
from benchmarks.load import Load, ask
from benchmarks.player import Player, playing
from benchmarks.questions import Questions
from benchmarks.reading import Reading
from benchmarks.report import Figures, memory_mb, per_second
from benchmarks.serving import serving
from benchmarks.store import Member
from indexer.stages import VerifiedCommit
from protocol.mst import EMPTY_ROOT
from protocol.syntax import Did, Handle, Tid
from runtime.settings import Settings

PEOPLE = 50  # who write; the other repos are silent
STRANGERS = 10
REQUESTS = 20_000
CONNECTIONS = 64
SILENT = Tid.from_micros(0, 0)


def run(
    repos: Annotated[int, typer.Option(min=PEOPLE, help="repos that are tracked")] = 100_000,
    frames: Annotated[int, typer.Option(min=1_000, help="frames of the stream")] = 432_000,
    seconds: Annotated[float, typer.Option(min=0.1, help="time of the requests to the server [s]")] = 5.0,
) -> Figures:
    """Megabytes of the indexer and of a server process."""
    crowd = recording.music_people(PEOPLE)
    key = crowd.accounts[0].key.public.did_key()
    members = [store.member(account) for account in crowd.accounts]
    members += [_silent(number, key) for number in range(repos - PEOPLE)]
    ours = frames // (recording.GAP + 1)
    stream = recording.record(crowd, ours, STRANGERS)
    with playing(stream, ours) as player:
        read, server = asyncio.run(_measure(members, player, stream.last_seq(ours), seconds))
    total = stream.frames(ours)
    return {
        "repos": repos,
        "frames": total,
        "framesPerSecond": per_second(total, read.seconds),
        "lost": total - read.seen,
        "indexerMb": read.memory_figures(),
        "serverMb": server,
    }


async def _measure(members: list[Member], player: Player, last_seq: int, seconds: float) -> tuple[Reading, float]:
    async with store.opened() as opened:
        await opened.settle(members)
        read = await reading.read(opened, player, last_seq)
        asked = await catalogue.questions(opened)
        return read, await asyncio.to_thread(_serve, opened.settings, asked, seconds)


def _serve(settings: Settings, asked: Questions, seconds: float) -> float:
    with serving(settings) as (part, port):
        ask(port, asked.mixed(REQUESTS), Load(CONNECTIONS, seconds, 0.0, None))
        return memory_mb(part.pid)


def _silent(number: int, key: str) -> Member:
    did = Did("did:plc:" + f"{number:024}".translate(_AS_BASE32))
    return Member(Handle(f"silent-{number}.example.com"), key, VerifiedCommit(did, SILENT, EMPTY_ROOT, EMPTY_ROOT, ()))


_AS_BASE32 = str.maketrans("0123456789", "abcdefghij")
