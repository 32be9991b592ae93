"""The indexer as a process: its parts, made from the settings, run together until they are told to stop.

The subscription comes first: on a first start nothing else begins before it stands, so that what discovery lists is
older than what the stream brings. A part that fails ends all of them, loudly; what a stop leaves unwritten is read
again after the next start. sync.md section 6; the limits are those of runtime/settings.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Protocol

from indexer import metrics, outbound
from indexer.asking import Asker
from indexer.compare import Comparison
from indexer.confirmation import Confirmation
from indexer.discovery import Discovery
from indexer.firehose import Firehose
from indexer.frames import Interest
from indexer.heads import Heads
from indexer.identities import IdentityWorker
from indexer.inbox import Inbox
from indexer.instance import claim
from indexer.jetstream import Jetstream
from indexer.leftovers import Leftovers
from indexer.limits import batch_limits, head_limits, make_rules, stream_limits, verify_limits
from indexer.namespaces import tracking, wire_names
from indexer.pipeline import Pipeline
from indexer.resync import SyncWorkers
from indexer.rolling import Rolling
from indexer.sampling import Sampler
from indexer.stalls import StallWatch
from indexer.subscriber import Subscriber
from indexer.tracked import Tracked
from protocol.syntax import Nsid
from runtime.db import PASSING_FAILURES, Pool, writer_pool
from runtime.settings import Settings
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# How long connections may take to end [s].
CLOSING = 2.0


class Part(Protocol):
    """What runs until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the indexer until `stop`. Raises what any part fails with, NamespaceMixed, DatabaseUnreachable."""
    assert settings.database_url is not None
    async with AsyncExitStack() as stack:
        pool = await writer_pool(
            settings.database_url.get_secret_value(),
            size=settings.db_pool_size,
            connect_timeout=settings.db_connect_timeout,
        )
        stack.push_async_callback(_close, pool)
        names = wire_names(settings.collections, settings.namespace)
        tracked = Tracked()
        async with pool.acquire() as connection:
            await claim(connection, settings.namespace)
            await tracked.load(connection)
        await _run_parts(settings, stop, stack, pool, names, tracked)
    log.info("stopped")


async def _run_parts(  # noqa: PLR0913, PLR0917 - what all parts share
    settings: Settings,
    stop: asyncio.Event,
    stack: AsyncExitStack,
    pool: Pool,
    names: Mapping[str, Nsid],
    tracked: Tracked,
) -> None:
    limits = verify_limits(settings, names)
    rules = make_rules(settings, limits)
    fetcher = await stack.enter_async_context(outbound.fetcher(settings))
    directory, handles = outbound.directory(settings, fetcher), outbound.handles(settings, fetcher)
    workers = SyncWorkers(settings, pool, fetcher, rules, limits, wake_identity=lambda: identities.wake())  # noqa: PLW0108 - it is made below
    identities = IdentityWorker(settings, pool, directory, handles, rules, wake_sync=workers.wake)
    asker = Asker(fetcher, workers.hosts)
    heads = Heads(pool, asker, head_limits(settings), workers.wake)
    comparison = Comparison(settings, pool, heads, wake_identity=identities.wake)
    discovery = Discovery(settings, pool, asker, tracked, wake_identity=identities.wake)
    inbox = Inbox(settings.frame_queue, settings.frame_queue_bytes)
    stream = _subscriber(settings, inbox, Interest(tracking(names), tracked), names, pool)
    confirmation = Confirmation(settings, pool, workers.wake)
    leftovers = Leftovers(pool, rules, settings.status_interval, settings.buffered_bytes)
    sampler = Sampler(settings, pool, heads, inbox, stream.turn_away)
    parts: list[Part] = [workers, identities, discovery, comparison, sampler, confirmation, leftovers, Rolling(pool)]
    pipeline = Pipeline(
        pool,
        inbox,
        rules,
        tracked=tracked,
        tracking=tracking(names),
        limits=batch_limits(settings),
        wake_sync=workers.wake,
        wake_identity=identities.wake,
    )
    if await pool.fetchval(SQL["was_subscribed"]):
        stream.stands.set()
    async with asyncio.TaskGroup() as group:
        for part in (stream, pipeline, StallWatch()):
            group.create_task(part.run(stop))
        for part in parts:
            group.create_task(_after(stream.stands, part, stop))
        group.create_task(_watch(settings.status_interval, pool, tracked, stop))
        group.create_task(_show(settings.status_interval, stream, pipeline, stop))


def _subscriber(
    settings: Settings, inbox: Inbox, interest: Interest, names: Mapping[str, Nsid], pool: Pool
) -> Subscriber:
    """The one source of this indexer."""
    limits = stream_limits(settings)
    if not settings.jetstream_urls:
        return Firehose(settings.relay_urls, inbox, interest, pool, limits)
    future = timedelta(seconds=settings.future_rev_tolerance)
    return Jetstream(settings.jetstream_urls, inbox, interest, names, pool, limits, future)


async def _after(first: asyncio.Event, part: Part, stop: asyncio.Event) -> None:
    """Run a part once an event has come, unless the stop comes before."""
    waits = [asyncio.create_task(first.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if not stop.is_set():
        await part.run(stop)


async def _show(interval: float, stream: Subscriber, pipeline: Pipeline, stop: asyncio.Event) -> None:
    """Keep the figures for which nobody has to be asked, the database least of all: it may be what is slow."""
    while not stop.is_set():
        stream.count()
        pipeline.show()
        await pause(stop, interval)


async def _watch(interval: float, pool: Pool, tracked: Tracked, stop: asyncio.Event) -> None:
    """Keep the gauges of repos, and see what other processes add."""
    while not stop.is_set():
        try:
            async with pool.acquire() as connection:
                await tracked.load(connection)
                repos = await connection.fetch(SQL["repos_by_state"])
        except PASSING_FAILURES as fault:
            log.warning("repos can't be counted: %r", fault)
        else:
            metrics.show_repos({row["state"]: row["repos"] for row in repos}, len(tracked))
        await pause(stop, interval)


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSING):
            await pool.close()
    except TimeoutError:
        pool.terminate()
