"""What many tasks have to write, in few transactions: whatever waits is written together, while the next gathers.

The first to come begins a transaction at once. While it lasts no other begins, unless as much waits as fills one:
then it runs beside the first, so that the database has something to do while this process makes rows, and the other
way round. A transaction that fails because the database was away is tried again for a while; every other failure is
raised to each who waits for it. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from runtime.db import PASSING_FAILURES, Connection, Pool

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)

RETRY_PAUSE = 0.2
# Transactions at once: one waits for the database while another keeps this process busy.
BESIDE = 2


class _Waiting(NamedTuple, Generic[T, R]):
    item: T
    size: int
    written: asyncio.Future[R]


class Gatherer(Generic[T, R]):
    """`write` writes some items in a transaction, and may be called for the same ones again when that has failed.

    `most`: the size of one transaction, about, in the unit of `size`; `patience`: seconds without a database.
    """

    def __init__(
        self,
        pool: Pool,
        write: Callable[[Connection, Sequence[T]], Awaitable[R]],
        size: Callable[[T], int],
        *,
        most: int,
        patience: float,
    ) -> None:
        self._pool = pool
        self._write = write
        self._size = size
        self._most = most
        self._patience = patience
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, item: T) -> R:
        """Have one item written; what `write` has given for all that were written with it."""
        written: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, self._size(item), written))
        self._begin()
        return await written

    async def close(self) -> None:
        """Leave what is not written."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self) -> None:
        while self._may_begin() and (batch := self._next()):
            task = asyncio.create_task(self._one(batch))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _may_begin(self) -> bool:
        if not self._tasks:
            return True
        return len(self._tasks) < BESIDE and sum(each.size for each in self._waiting) >= self._most

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._begin()

    async def _one(self, batch: Sequence[_Waiting[T, R]]) -> None:
        try:
            result = await self._patiently([each.item for each in batch])
        except Exception as fault:  # noqa: BLE001 - it belongs to those who wait, and they raise it
            for each in batch:
                if not each.written.done():
                    each.written.set_exception(fault)
        else:
            for each in batch:
                if not each.written.done():
                    each.written.set_result(result)

    def _next(self) -> list[_Waiting[T, R]]:
        """The oldest, up to the size of a transaction; those that nobody waits for any more are dropped."""
        batch: list[_Waiting[T, R]] = []
        size = 0
        while self._waiting and (not batch or size + self._waiting[0].size <= self._most):
            each = self._waiting.popleft()
            if not each.written.done():
                batch.append(each)
                size += each.size
        return batch

    async def _patiently(self, items: Sequence[T]) -> R:
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    return await self._write(connection, items)
            except PASSING_FAILURES as fault:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                log.warning("the database failed, trying again: %r", fault)
                await asyncio.sleep(RETRY_PAUSE)
