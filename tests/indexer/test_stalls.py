"""The loop's delays are measured, and large commits do not cause them."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from indexer import effects, metrics
from indexer.stalls import StallWatch
from runtime.db import Pool

from .repos import Repo, record
from .world import held_by, started

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"


async def test_what_keeps_the_loop_is_seen() -> None:
    stop = asyncio.Event()
    watching = asyncio.create_task(StallWatch().run(stop))
    await asyncio.sleep(0.05)
    time.sleep(0.4)  # noqa: ASYNC251 - what must not be done
    await asyncio.sleep(0.05)
    stop.set()
    await watching
    assert metrics.LONGEST_STALL.collect()[0].samples[0].value > 0.35


async def test_large_commits_are_judged_beside_the_loop_and_small_ones_in_it(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    threads: list[threading.Thread] = []
    judge = world.rules.judge.judge

    def seen(*args: Any) -> Any:
        threads.append(threading.current_thread())
        return judge(*args)

    world.rules.judge.judge = seen  # type: ignore[method-assign]
    world.commit(repo.write((A, record())), repo.write((B, record(description="x" * effects.LARGE_BYTES))))
    await world.write()
    assert await world.records() == held_by(repo)
    main = threading.main_thread()
    assert [thread is main for thread in threads] == [True, False]
