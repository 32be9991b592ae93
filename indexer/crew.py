"""Workers on a queue that stands in the database: so many at once, woken at once, and looked after.

A `Crew` claims as much as it has hands for, works on each in a task of its own, and sleeps until something is done,
somebody wakes it or its time has come. What fails because the database was away is claimed again when its lease has
lapsed; every other failure ends the crew, loudly. sync.md section 4.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from runtime.db import PASSING_FAILURES

T = TypeVar("T")
log = logging.getLogger(__name__)

# What is done, or comes, within so many seconds of a claim is left to one common next claim.
GATHERING = 0.01
# 2 ** 40 times any pause is longer than the longest.
_MAX_DOUBLINGS = 40


class Crew(Generic[T]):
    """`claim(n)` gives at most n pieces of work, `work` does one, `pause()` is the longest sleep in seconds.

    `patience`: seconds for which the database may be away.
    """

    def __init__(
        self,
        size: int,
        claim: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Awaitable[None]],
        pause: Callable[[], float],
        patience: float,
    ) -> None:
        self._size = size
        self._claim = claim
        self._work = work
        self._pause = pause
        self._patience = patience
        self._woken = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], T] = {}

    def wake(self) -> None:
        """Look at the queue now."""
        self._woken.set()

    @property
    def under_way(self) -> list[T]:
        """What is being worked on."""
        return list(self._tasks.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is not finished then is cancelled."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._woken.set())
        try:
            while not stop.is_set():
                self._woken.clear()
                claimed = asyncio.get_running_loop().time()
                await self._take_patiently()
                await self._sleep()
                await asyncio.sleep(max(0.0, claimed + GATHERING - asyncio.get_running_loop().time()))
                self._collect()
        finally:
            stopping.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(stopping, *self._tasks, return_exceptions=True)

    async def _take_patiently(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                await self._take()
            except PASSING_FAILURES as fault:
                if loop.time() >= deadline:
                    raise
                log.warning("the queue can't be read, trying again: %r", fault)
                await asyncio.sleep(self._pause())
            else:
                return

    async def _take(self) -> None:
        free = self._size - len(self._tasks)
        for item in await self._claim(free) if free > 0 else ():
            task = asyncio.create_task(self._one(item))
            self._tasks[task] = item
            task.add_done_callback(lambda _: self._woken.set())

    async def _one(self, item: T) -> None:
        try:
            await self._work(item)
        except PASSING_FAILURES as fault:
            log.warning("the database failed, the work will be done again: %r", fault)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._pause()):
                await self._woken.wait()
        except TimeoutError:
            return

    def _collect(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            del self._tasks[task]
            task.result()


def backoff(attempts: int, shortest: float, longest: float) -> float:
    """Seconds to wait after that many failures before: doubling, with jitter, from `shortest` to `longest`."""
    base = min(longest, 1.5 * shortest * 2.0 ** min(attempts, _MAX_DOUBLINGS))
    return max(shortest, base * random.uniform(2 / 3, 1.0))  # noqa: S311 - jitter
