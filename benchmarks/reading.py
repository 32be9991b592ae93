"""The indexer's reading of a played stream, watched from outside: `plyr-appview index`, as it is run in earnest."""

import asyncio
from time import monotonic
from typing import NamedTuple

from benchmarks.player import Player
from benchmarks.processes import Part, cpu_seconds, running
from benchmarks.report import memory_mb
from benchmarks.store import Store
from runtime.observe import Figures as Metrics

START = 60.0  # seconds for the subscription to stand
PATIENCE = 300.0  # seconds for the stream to be in the database
LOOK = 0.02  # seconds between two looks at the cursor
ONCE = 36_000.0  # seconds between discoveries: there is nothing to discover


class Reading(NamedTuple):
    """Seconds from the subscription to the last frame in the database, and of the process's own work; its memory in MB
    over time; the frames that it has counted."""

    seconds: float
    work: float
    memory: list[float]
    seen: int

    def memory_figures(self) -> dict[str, float]:
        return {"start": self.memory[0], "most": max(self.memory), "end": self.memory[-1]}


async def read(opened: Store, player: Player, last_seq: int) -> Reading:
    """The reading, up to the moment at which the cursor in the database is at the last frame."""
    update = {"relay_urls": (player.origin,), "trust_loopback": True, "discovery_interval": ONCE}
    settings = opened.settings.model_copy(update=update)
    with running("index", settings) as part:
        started = await asyncio.to_thread(player.started, START)
        began = cpu_seconds(part.pid)
        memory = await _watch(opened, part, last_seq)
        seconds, work = monotonic() - started, cpu_seconds(part.pid) - began
    return Reading(seconds, work, memory, int(Metrics(settings.data_dir).sum("plyr_indexer_frames_total")))


async def _watch(opened: Store, part: Part, last_seq: int) -> list[float]:
    memory = [memory_mb(part.pid)]
    async with asyncio.timeout(PATIENCE):
        while await opened.cursor() != last_seq:
            part.check()
            await asyncio.sleep(LOOK)
            memory.append(memory_mb(part.pid))
    return memory
