"""What many tasks write in few transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from indexer.gathering import Gatherer
from runtime.db import Connection, Pool

from .network import eventually


class Desk:
    """Writes numbers, and can be held up, or fail."""

    def __init__(self, pool: Pool, most: int, patience: float = 1.0) -> None:
        self.begun: list[list[int]] = []
        self.open = asyncio.Event()
        self.faults: list[Exception] = []
        self.gatherer = Gatherer(pool, self._write, lambda _: 1, most=most, patience=patience)
        self.tasks: list[asyncio.Task[int]] = []

    def bring(self, *numbers: int) -> None:
        self.tasks += [asyncio.create_task(self.gatherer.put(number)) for number in numbers]

    async def begins(self, transactions: int) -> None:
        async def begun() -> bool:
            return len(self.begun) >= transactions

        await eventually(begun, f"{transactions} transactions")

    async def ends(self) -> list[int]:
        self.open.set()
        return await asyncio.gather(*self.tasks)

    async def _write(self, connection: Connection, numbers: Sequence[int]) -> int:
        self.begun.append(list(numbers))
        await self.open.wait()
        if self.faults:
            raise self.faults.pop()
        return await connection.fetchval("SELECT $1::integer", len(numbers))


async def test_the_first_begins_at_once_and_what_comes_meanwhile_is_written_together(pool: Pool) -> None:
    desk = Desk(pool, most=10)
    desk.bring(1)
    await desk.begins(1)
    desk.bring(2, 3, 4)
    assert await desk.ends() == [1, 3, 3, 3]
    assert desk.begun == [[1], [2, 3, 4]]


async def test_what_fills_a_transaction_does_not_wait_for_the_other_and_there_are_two_at_most(pool: Pool) -> None:
    desk = Desk(pool, most=2)
    desk.bring(1)
    await desk.begins(1)
    desk.bring(2, 3, 4, 5, 6)
    await desk.begins(2)
    await asyncio.sleep(0)
    assert desk.begun == [[1], [2, 3]]
    await desk.ends()
    assert sorted(desk.begun) == [[1], [2, 3], [4, 5], [6]]


async def test_a_passing_failure_of_the_database_is_tried_again(pool: Pool) -> None:
    desk = Desk(pool, most=10)
    desk.faults = [asyncpg.DeadlockDetectedError("two met")]
    desk.bring(1)
    assert await desk.ends() == [1]
    assert desk.begun == [[1], [1]]


async def test_a_failure_is_raised_to_those_who_wait_for_it_and_to_nobody_else(pool: Pool) -> None:
    desk = Desk(pool, most=10)
    desk.faults = [ValueError("not these")]
    desk.bring(1)
    await desk.begins(1)
    desk.bring(2, 3)
    desk.open.set()
    first, *others = await asyncio.gather(*desk.tasks, return_exceptions=True)
    assert isinstance(first, ValueError)
    assert others == [2, 2]


async def test_a_database_that_stays_away_is_waited_for_no_longer_than_was_said(pool: Pool) -> None:
    desk = Desk(pool, most=10, patience=0.0)
    desk.faults = [ConnectionResetError()]
    desk.bring(1)
    with pytest.raises(ConnectionResetError):
        await desk.ends()


async def test_what_nobody_waits_for_any_more_is_not_written(pool: Pool) -> None:
    desk = Desk(pool, most=10)
    desk.bring(1)
    await desk.begins(1)
    desk.bring(2, 3)
    await asyncio.sleep(0)
    desk.tasks.pop(1).cancel()
    await asyncio.sleep(0)
    assert await desk.ends() == [1, 1]
    assert desk.begun == [[1], [3]]


async def test_closing_leaves_what_is_not_written(pool: Pool) -> None:
    desk = Desk(pool, most=10)
    desk.bring(1)
    await desk.begins(1)
    desk.bring(2)
    await asyncio.sleep(0)
    for task in desk.tasks:
        task.cancel()
    await desk.gatherer.close()
    assert desk.begun == [[1]]
    assert pool.get_idle_size() == pool.get_size()
