"""Running one part as a process, or a piece of work to its end: uvloop, logs, a clean end on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import typer
import uvloop
from pydantic import SecretStr

from cli.migrate import check_migrations
from runtime import observe
from runtime.garbage import look_seldom
from runtime.postgres import database
from runtime.settings import Settings
from runtime.stopping import Stopped, unless_stopped

T = TypeVar("T")
Part = Callable[[Settings, asyncio.Event], Awaitable[None]]
Prepare = Callable[[str, float], Coroutine[Any, Any, object]]

STOPPED = 130


def run_part(name: str, settings: Settings, load: Callable[[], Part], prepare: Prepare) -> None:
    """Run a part to its end, against the database that the settings name (joined, or started for it).

    `load` imports it, once metrics are shared; `prepare` sees to it that the schema is there.
    """
    observe.configure_logging(settings.log_format, settings.log_level, name)
    observe.share_metrics(settings.data_dir)
    part = load()
    look_seldom()

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        async with AsyncExitStack() as stack:
            dsn = await unless_stopped(stop, stack.enter_async_context(database(settings)))
            await unless_stopped(stop, prepare(dsn, settings.db_connect_timeout))
            await part(settings.model_copy(update={"database_url": SecretStr(dsn)}), stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(Stopped):
        runner.run(main())
    end_in_peace()


def run_once(name: str, settings: Settings, work: Callable[[str], Coroutine[Any, Any, T]]) -> T:
    """The result of `work` on the database that the settings name. A signal cancels it and ends the command."""
    observe.configure_logging(settings.log_format, settings.log_level, name)

    async def main() -> T:
        working = asyncio.create_task(begin())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        return await working

    async def begin() -> T:
        async with database(settings) as dsn:
            await check_migrations(dsn, settings.db_connect_timeout)
            return await work(dsn)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            typer.echo(f"plyr-appview: {name} was stopped before its end", err=True)
            raise typer.Exit(STOPPED) from None


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGINT and SIGTERM set `stop`, however often they come; also while the loop is closing."""
    loop = asyncio.get_running_loop()

    def tell(*_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    # Not the loop's own handlers: closing the loop takes those back, and a second signal would then kill the process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, tell)


def end_in_peace() -> None:
    """Nothing is left to be stopped: signals no longer matter. The interpreter, as it ends, takes handlers back."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
