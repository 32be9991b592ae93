"""The AppView as a process: one event loop, one pool of read-only sessions, one listening socket.

It keeps nothing between requests but what it is told to drop, so that any number of processes may listen on one
address. `run` ends when it is told to, after the requests that it has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

import lexicons
from appview import constellation, health, openapi, outbound
from appview.auth import Viewers
from appview.cache import Answers
from appview.changes import Changes
from appview.gateway import gateway
from appview.handles import Handles
from appview.limits import Limiter
from appview.pages import home
from appview.queries import QUERIES
from appview.reads import Reads
from appview.xrpc import Service, endpoints
from runtime import db
from runtime.listening import listen
from runtime.settings import Settings

log = logging.getLogger(__name__)

MEASURE_SECONDS = 1.0
BACKLOG = 1_024

READS = web.AppKey("reads", Reads)
CHANGES = web.AppKey("changes", Changes)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve on `settings.listen` until `stop` is set. Raises DatabaseUnreachable, AddressUnusable."""
    # A third of the grace is for requests under way, a sixth for closing down; after two thirds `up` kills.
    runner = web.AppRunner(
        await application(settings),
        access_log=None,
        handle_signals=False,
        max_line_size=settings.url_max_bytes,
        shutdown_timeout=settings.shutdown_grace / 3,
    )
    await runner.setup()
    try:
        shared = settings.workers > 1
        log.info(
            "answering at %s", await listen(runner, "PLYR_LISTEN", settings.listen, backlog=BACKLOG, shared=shared)
        )
        await stop.wait()
    finally:
        await runner.cleanup()


async def application(settings: Settings) -> web.Application:
    """Everything that is served, ready for a runner. Raises DatabaseUnreachable."""
    pool = await _pool(settings)
    reads = Reads(pool, pool_wait=settings.read_pool_wait, statement_timeout=settings.statement_timeout)
    limiter = Limiter(settings)
    app = web.Application(middlewares=[gateway(settings.requests_max, limiter)])
    app[READS] = reads
    app.add_routes(health.routes(settings, reads, await health.schema_version(reads)))
    app.add_routes(home.routes(settings, reads))
    door = outbound.fetcher(settings)
    viewers = Viewers(settings, reads, outbound.directory(settings, door))
    changes = Changes(
        _address(settings), connect_timeout=settings.db_connect_timeout, statement_timeout=settings.statement_timeout
    )
    app[CHANGES] = changes
    answers = Answers(settings, reads, changes)
    handles = Handles(settings, outbound.handles(settings, door))
    service = Service(reads, answers, viewers, limiter, handles, settings.cursor_max_bytes, settings.answer_max_age)
    app.add_routes(openapi.routes(lexicons.load(), QUERIES, settings.public_url, health.VERSION))
    app.add_routes(endpoints(lexicons.load(), QUERIES, service))
    app.add_routes(constellation.routes(service))

    async def keep_open(_: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_measure(reads)), asyncio.create_task(changes.listen())]
        async with door:
            yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _close(reads, pool, settings.shutdown_grace / 6)

    app.cleanup_ctx.append(keep_open)
    logging.getLogger("aiohttp.server").addFilter(_not_a_strangers_fault)
    return app


def _not_a_strangers_fault(record: logging.LogRecord) -> bool:
    """What does not speak HTTP is refused, and is no entry in our log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _address(settings: Settings) -> str:
    address = settings.read_database_url or settings.database_url
    assert address is not None, "the command line names the database that it joined or started"
    return address.get_secret_value()


async def _pool(settings: Settings) -> db.Pool:
    return await db.reader_pool(
        _address(settings),
        size=settings.read_pool_size,
        connect_timeout=settings.db_connect_timeout,
        statement_timeout=settings.statement_timeout,
    )


async def _measure(reads: Reads) -> None:
    while True:
        reads.measure()
        await asyncio.sleep(MEASURE_SECONDS)


async def _close(reads: Reads, pool: db.Pool, patience: float) -> None:
    """Close the pool; a server that does not let go is left behind."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await reads.close()
            return
    pool.terminate()
