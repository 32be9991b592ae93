"""What the read API is compared with: bare aiohttp handlers, in a process of their own.

`/bare` gives a fixed answer of a track's size. `/track` and `/page` run the very SQL of getTrack and getLatestTracks
and give what the database says, without lexicons, parameters' types, errors, CORS or figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

import uvloop
from aiohttp import web

from appview.cursors import END_OF_TIME
from appview.queries.feed import SQL
from benchmarks.processes import helping
from runtime.db import Pool, reader_pool
from runtime.settings import Settings

PAGE: Final = 50
FIXED: Final = b"{" + b" " * 1_500 + b"}"
START: Final = 60.0  # seconds for the handlers to be ready
JSON: Final = "application/json"


@contextmanager
def serving(settings: Settings) -> Generator[int]:
    """The port of the bare handlers on the settings' database, until the end of the context."""
    with helping(_serve, settings) as helper:
        yield helper.receive(START)


def _serve(pipe: Connection, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, pipe))


async def _run(settings: Settings, pipe: Connection) -> None:
    assert settings.database_url is not None
    pool = await reader_pool(
        settings.database_url.get_secret_value(),
        size=settings.read_pool_size,
        connect_timeout=settings.db_connect_timeout,
        statement_timeout=settings.statement_timeout,
    )
    app = web.Application()
    app.add_routes([web.get("/bare", _bare), web.get("/track", _track(pool)), web.get("/page", _page(pool))])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


async def _bare(_: web.Request) -> web.Response:
    return web.Response(body=FIXED, content_type=JSON)


def _track(pool: Pool) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        _, _, authority, collection, rkey = request.query["uri"].split("/")
        return web.Response(
            text=await pool.fetchval(SQL["tracks"], [authority], [collection], [rkey], None), content_type=JSON
        )

    return answer


def _page(pool: Pool) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        rows = await pool.fetch(SQL["latest_tracks"], [], END_OF_TIME, 0, "", PAGE, None)
        return web.Response(text="[" + ",".join([row["item"] for row in rows]) + "]", content_type=JSON)

    return answer
