"""`plyr-appview up`: everything, as one process tree."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import typer
from aiohttp import web
from pydantic import SecretStr

from cli.migrate import apply_migrations
from cli.options import with_settings
from cli.process import end_in_peace, stop_on_signals
from cli.statusline import StatusLine
from runtime import observe
from runtime.listening import check_free, listen
from runtime.postgres import EmbeddedPostgres, EmbeddedPostgresError, own_folder
from runtime.settings import Settings
from runtime.stopping import Stopped, unless_stopped
from runtime.supervise import Part, Pauses, Supervisor

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(up))


def up(settings: Settings) -> None:
    """Start Postgres, the indexer and the read API; keep them running until Ctrl-C."""
    observe.configure_logging(settings.log_format, settings.log_level, "up")
    asyncio.run(run_tree(settings))
    end_in_peace()


async def run_tree(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Run the whole tree until `stop` is set or a signal comes. Everything has ended when this returns.

    Raises AddressUnusable and EmbeddedPostgresError before anything of another tree on this data folder is touched.
    """
    stop = stop or asyncio.Event()
    stop_on_signals(stop)
    check_free("PLYR_LISTEN", settings.listen)
    check_free("PLYR_ADMIN_LISTEN", settings.admin_listen)
    with contextlib.suppress(Stopped):
        async with AsyncExitStack() as stack:
            dsn = await unless_stopped(stop, stack.enter_async_context(_database(settings, stop)))
            observe.forget_metrics(settings.data_dir)
            observe.share_metrics(settings.data_dir)
            await unless_stopped(stop, apply_migrations(dsn, settings.db_connect_timeout))
            await stack.enter_async_context(_metrics_page(settings))
            await _supervise(settings.model_copy(update={"database_url": SecretStr(dsn)}), stop)


async def _supervise(settings: Settings, stop: asyncio.Event) -> None:
    # Two thirds of the grace are for the parts, the rest for Postgres, which they need to the end.
    pauses = Pauses(settings.restart_min, settings.restart_max, settings.shutdown_grace * 2 / 3)
    supervisor = Supervisor(_parts(settings), pauses, observe.forget_process)
    status = asyncio.create_task(StatusLine(settings).run(stop))
    try:
        await supervisor.run(stop)
    finally:
        stop.set()
        await status


def _parts(settings: Settings) -> list[Part]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
    environment |= settings.environment()
    command = [sys.executable, "-P", "-m", "cli"]  # whatever folder we stand in
    servers = [f"serve-{number}" for number in range(1, settings.workers + 1)] if settings.workers > 1 else ["serve"]
    return [
        Part("index", [*command, "index"], environment),
        *(Part(name, [*command, "serve"], environment) for name in servers),
    ]


@asynccontextmanager
async def _database(settings: Settings, stop: asyncio.Event) -> AsyncGenerator[str]:
    """The external server, or our own, which is started again when it dies. The data folder is ours meanwhile."""
    if settings.database_url is not None:
        with own_folder(settings.data_dir):
            yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres.own(settings.data_dir)
    keeper: asyncio.Task[None] | None = None
    stopping = asyncio.create_task(_moment(stop))
    try:
        await server.start()
        keeper = asyncio.create_task(_keep_server(server, settings, stop))
        yield server.dsn
    finally:
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await server.stop(_what_remains(settings.shutdown_grace, stopping))


async def _moment(stop: asyncio.Event) -> float:
    await stop.wait()
    return asyncio.get_running_loop().time()


def _what_remains(grace: float, stopping: asyncio.Task[float]) -> float:
    """Of the grace, for Postgres: all that the parts left of it, a third at the least."""
    passed = asyncio.get_running_loop().time() - stopping.result() if stopping.done() else 0.0
    stopping.cancel()
    return max(grace / 3, grace - passed)


async def _keep_server(server: EmbeddedPostgres, settings: Settings, stop: asyncio.Event) -> None:
    log = logging.getLogger(__name__)
    pause = settings.restart_min
    while True:
        code = await server.exited()
        if stop.is_set():
            return
        log.error("Postgres ended with %d; it is started again in %.1f s", code, pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, settings.restart_max)
        try:
            await server.start()
        except EmbeddedPostgresError:
            log.exception("Postgres does not start")


@asynccontextmanager
async def _metrics_page(settings: Settings) -> AsyncGenerator[None]:
    """`/metrics` on the operator's address: the figures of all parts."""

    async def metrics(_: web.Request) -> web.Response:
        body = await asyncio.to_thread(observe.exposition, settings.data_dir)
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await listen(runner, "PLYR_ADMIN_LISTEN", settings.admin_listen)
        yield
    finally:
        await runner.cleanup()
