"""What many requests look up by key, by few statements: what waits is asked for together, while the next gathers.

To set a statement up takes the database longer than to find a row. The first to come are asked for at once; while as
many statements of a kind are under way as may be, those that come wait, and the next statement asks for them all. So
who is alone does not wait, and an answer costs less the more are asked for. A kind is a statement and its arguments
behind the keys, so that nobody is given what is made for another viewer. A request joins no statement that has begun:
what it gets was read after it came.

A failure is that of all who were asked for together; who gives up does so alone. Only so many can wait as there are
requests, none of them for longer than for a connection while statements end. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple, TypeAlias

import asyncpg

from appview.queries.base import Reads, Rows

# Statements of a kind at once: one is worked on by the database while this process reads the rows of another.
BESIDE: Final = 2
KEYS_MAX: Final = 50  # of several requests in a statement, which then is as long as a page

Key: TypeAlias = tuple[object, ...]


class _Kind(NamedTuple):
    sql: str
    rest: tuple[Hashable, ...]


class _Waiting(NamedTuple):
    keys: Sequence[Key]
    until: float
    found: asyncio.Future[Sequence[Rows]]


class _Queue:
    """Those who wait for a statement of one kind; `due`: one begins as soon as all who come with them are there."""

    __slots__ = ("due", "under_way", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.under_way = 0
        self.due = False


class Gathering:
    """Nobody is asked for who has waited for more than `patience` seconds."""

    def __init__(self, reads: Reads, patience: float) -> None:
        self._reads = reads
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._queues: dict[_Kind, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def rows(self, sql: str, keys: Sequence[Key], rest: tuple[Hashable, ...]) -> Sequence[Rows]:
        """The rows of each of these keys, by one statement. Raises what asking raises, and TimeoutError."""
        kind = _Kind(sql, rest)
        queue = self._queues.get(kind)
        if queue is None:
            queue = self._queues[kind] = _Queue()
        found: asyncio.Future[Sequence[Rows]] = self._loop.create_future()
        queue.waiting.append(_Waiting(keys, self._loop.time() + self._patience, found))
        self._go_on(kind, queue)
        return await found

    def _go_on(self, kind: _Kind, queue: _Queue) -> None:
        if queue.due or queue.under_way == BESIDE:
            return
        if queue.waiting:
            queue.due = True
            self._loop.call_soon(self._begin, kind, queue)
        elif not queue.under_way:
            del self._queues[kind]

    def _begin(self, kind: _Kind, queue: _Queue) -> None:
        queue.due = False
        if batch := self._next(queue):
            queue.under_way += 1
            task = self._loop.create_task(self._find(kind, queue, batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._go_on(kind, queue)

    def _next(self, queue: _Queue) -> list[_Waiting]:
        """The first of those who still wait; those who have waited for too long are told so."""
        batch: list[_Waiting] = []
        room = KEYS_MAX
        now = self._loop.time()
        while queue.waiting and (not batch or len(queue.waiting[0].keys) <= room):
            each = queue.waiting.popleft()
            if each.found.done():
                continue
            if each.until < now:
                each.found.set_exception(TimeoutError())
            else:
                batch.append(each)
                room -= len(each.keys)
        return batch

    async def _find(self, kind: _Kind, queue: _Queue, batch: Sequence[_Waiting]) -> None:
        try:
            keys = zip(*[key for each in batch for key in each.keys], strict=True)
            rows = await self._reads.rows(kind.sql, *keys, *kind.rest)
        except Exception as fault:  # noqa: BLE001 - it belongs to those who wait, and they raise it
            for each in batch:
                if not each.found.done():
                    each.found.set_exception(fault)
        else:
            _deal(rows, batch)
        finally:
            queue.under_way -= 1
            self._go_on(kind, queue)


def _deal(rows: Rows, batch: Sequence[_Waiting]) -> None:
    found: list[list[asyncpg.Record]] = [[] for each in batch for _ in each.keys]
    for row in rows:
        place: int = row["place"]
        found[place - 1].append(row)
    first = 0
    for each in batch:
        behind = first + len(each.keys)
        if not each.found.done():
            each.found.set_result(found[first:behind])
        first = behind
