"""Waits end when a stop is told."""

from __future__ import annotations

import asyncio

import pytest

from runtime.stopping import Stopped, pause, unless_stopped


async def test_work_that_ends_by_itself_gives_its_result() -> None:
    assert await unless_stopped(asyncio.Event(), asyncio.sleep(0, "done")) == "done"


async def test_what_work_raises_comes_through() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await unless_stopped(asyncio.Event(), fail())


async def test_a_stop_cancels_the_work_and_waits_until_it_has_cleaned_up() -> None:
    stop, cleaned = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            stop.set()
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    with pytest.raises(Stopped):
        await unless_stopped(stop, work())
    assert cleaned.is_set()


async def test_who_cancels_the_waiting_cancels_the_work() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            cancelled.set()

    waiting = asyncio.create_task(unless_stopped(asyncio.Event(), work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cancelled.is_set()


async def test_a_pause_lasts_its_time_and_a_stop_ends_it() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await pause(stop, 0.02)
    assert loop.time() - began >= 0.02
    stop.set()
    await asyncio.wait_for(pause(stop, 600), 10)
