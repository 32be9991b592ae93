"""Waiting for what becomes true a moment later, without sleeping longer than it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 60.0  # seconds; generous, since the machine may be busy: what is awaited takes milliseconds


async def eventually(check: Callable[[], Awaitable[T]], *, deadline: float = DEADLINE, pause: float = 0.05) -> T:
    """What `check` returns at last without raising AssertionError; its last AssertionError after `deadline` seconds."""
    end = monotonic() + deadline
    while True:
        try:
            return await check()
        except AssertionError:
            if monotonic() >= end:
                raise
            await asyncio.sleep(pause)
