"""Fills a store with what a helper makes: while some accounts are written, two transactions at once as in a backfill,
the next are made."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Concatenate, Final, NamedTuple, ParamSpec

from benchmarks.processes import helping
from benchmarks.store import BATCH, Member, Store

P = ParamSpec("P")

WAITING: Final = 4  # batches that are written or wait for it
PATIENCE: Final = 60.0  # seconds, for the next accounts


class Batch(NamedTuple):
    """Accounts that are written together; `number` of them there are, with those of the batches before."""

    members: tuple[Member, ...]
    number: int

    @property
    def records(self) -> int:
        return _records(self.members)


def send(pipe: Connection, members: Iterable[Member], ends: Callable[[int], bool] = lambda _: False) -> None:
    """For a helper: accounts in batches, each once the one before was taken. A batch ends also behind an account whose
    number, counted from 1, `ends` says so of."""
    batch: list[Member] = []
    number = 0
    for number, member in enumerate(members, 1):
        batch.append(member)
        if ends(number) or _records(batch) >= BATCH:
            pipe.send(Batch(tuple(batch), number))
            batch.clear()
    if batch:
        pipe.send(Batch(tuple(batch), number))
    pipe.send(None)


async def filled(
    opened: Store, make: Callable[Concatenate[Connection, P], None], *args: P.args, **kwargs: P.kwargs
) -> AsyncGenerator[Batch]:
    """What `make(pipe, ...)` sends, each batch once it is written."""
    written: deque[asyncio.Task[Batch]] = deque()
    with helping(make, *args, **kwargs) as helper:
        try:
            while (batch := await asyncio.to_thread(helper.receive, PATIENCE)) is not None:
                if len(written) == WAITING:
                    yield await written.popleft()
                written.append(asyncio.create_task(_settled(opened, batch)))
            while written:
                yield await written.popleft()
        finally:
            for task in written:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def _settled(opened: Store, batch: Batch) -> Batch:
    await opened.settle(batch.members)
    return batch


def _records(members: Iterable[Member]) -> int:
    return sum(len(member.commit.changes) for member in members)
