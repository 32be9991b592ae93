"""Finds the accounts that have our collections, and had them before we began to listen.

Reads listings, page by page: for each collection `listReposByCollection` of a collection directory, and `listRepos` of
each PDS that we subscribe to. Who is new comes to the end of the queue, in one transaction with the page's cursor, so
that a listing goes on where it was left; a host without room for more questions (asking.py) is left until it may have
some. Each is read again from its beginning on a schedule, whatever its cursor had passed, so that nobody is missed for
good. One listing at a time, for a turn, since one may have no end; one task.
Spec: com.atproto.sync.listReposByCollection, listRepos; sync.md section 3.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from indexer import metrics
from indexer.asking import Asker, HostAway
from indexer.crew import backoff
from indexer.listing import Page, PageInvalid, read_page
from indexer.namespaces import tracking, wire_names
from indexer.outbound import http_origin
from indexer.tracked import Tracked
from protocol.fetch import FetchFailed, XrpcError
from runtime.db import PASSING_FAILURES, Pool
from runtime.settings import Settings
from runtime.sql import Queries
from runtime.stopping import Stopped, unless_stopped

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

ALL_REPOS = "*"
# Statuses of a host that does not know a method.
UNKNOWN_METHOD = (404, 405, 501)
# What a host says of a cursor that means nothing to it (any more).
CURSOR_REFUSED = 400
# A host without room for so long is left, and the other listings are read [s].
PATIENCE = 1.0
# How long one listing is read before the others get their turn [s].
TURN = 30.0
# One that brings nobody new among so many repos in a row, more than any listing has, goes round in circles; so does one
# of as many empty pages.
BARREN_REPOS = 5_000_000


class Listing(NamedTuple):
    """A collection's repos at a directory, or (`*`) all repos of a PDS. `origin`: http or https."""

    origin: str
    name: str


class Discovery:
    """Reads the listings, again and again."""

    def __init__(
        self, settings: Settings, pool: Pool, asker: Asker, tracked: Tracked, wake_identity: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._asker = asker
        self._tracked = tracked
        self._wake_identity = wake_identity
        self._directory = settings.directory_url or http_origin(settings.relay_urls[0])
        self._collections = sorted(tracking(wire_names(settings.collections, settings.namespace)))
        self._due: dict[Listing, float] = {}
        self._failures: dict[Listing, int] = {}
        self._barren: Counter[Listing] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Discover until `stop`."""
        with contextlib.suppress(Stopped):
            await unless_stopped(stop, self._forever())

    async def _forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pause = self._settings.sync_retry_min
            try:
                for listing, age in (await self._listings()).items():
                    due = self._due.setdefault(listing, loop.time() + self._settings.discovery_interval - age)
                    if due <= loop.time():
                        self._due[listing] = loop.time() + await self._follow(listing)
            except PASSING_FAILURES as fault:
                log.warning("discovery waits for the database: %r", fault)
            else:
                pause = min(self._due.values()) - loop.time()
            await asyncio.sleep(max(pause, self._settings.sync_poll))

    async def _listings(self) -> dict[Listing, float]:
        """All listings, with the seconds since each was read to its end (infinite when it never was)."""
        hosts = [http_origin(row["source"]) for row in await self._pool.fetch(SQL["pdses"], self._settings.relay_urls)]
        listings = [Listing(self._directory, name) for name in self._collections]
        listings += [Listing(host, ALL_REPOS) for host in hosts]
        finished = {
            Listing(row["source"], row["listing"]): (datetime.now(UTC) - row["finished_at"]).total_seconds()
            for row in await self._pool.fetch(SQL["finished"])
        }
        return {listing: finished.get(listing, float("inf")) for listing in listings}

    async def _follow(self, listing: Listing) -> float:
        """Read on in a listing where it was left. The seconds until it is to be read again, or further."""
        try:
            is_over = await self._read(listing)
        except XrpcError as fault:
            if fault.status == CURSOR_REFUSED and await self._pool.fetchval(SQL["forget_cursor"], *listing):
                log.warning("%s does not go on with its listing of %s: read from its beginning", *listing)
                return self._failed(listing, fault)
            if fault.status in UNKNOWN_METHOD:
                log.warning("%s does not list the repos that have %s", *listing)
                return self._settings.discovery_interval
            return self._failed(listing, fault)
        except (FetchFailed, PageInvalid) as fault:
            return self._failed(listing, fault)
        except HostAway as fault:
            log.warning("%s: listing %s waits for its host: %s", *listing, fault)
            return self._asker.wait(listing.origin)
        self._failures.pop(listing, None)
        return self._settings.discovery_interval if is_over else 0.0

    def _failed(self, listing: Listing, fault: Exception) -> float:
        log.warning("%s: listing %s failed: %s", *listing, fault)
        failures = self._failures[listing] = self._failures.get(listing, 0) + 1
        return backoff(failures - 1, self._settings.sync_retry_min, self._settings.discovery_interval)

    async def _read(self, listing: Listing) -> bool:
        """Whether the listing came to its end within a turn."""
        loop = asyncio.get_running_loop()
        until = loop.time() + TURN
        cursor: str | None = await self._pool.fetchval(SQL["read_cursor"], *listing)
        found = 0
        while True:
            page = await self._page(listing, cursor)
            if page.cursor == cursor or self._barren[listing] >= BARREN_REPOS:
                page = page._replace(cursor=None)
            new = await self._take_in(listing, page)
            found += new
            cursor = page.cursor
            barren = self._barren[listing] + (len(page.repos) or 1)
            self._barren[listing] = 0 if new or cursor is None else barren
            if cursor is None or loop.time() >= until:
                break
        log.info("%s: %d new accounts have %s", listing.origin, found, listing.name)
        return cursor is None

    async def _page(self, listing: Listing, cursor: str | None) -> Page:
        params = {"limit": str(self._settings.discovery_page)}
        if cursor is not None:
            params["cursor"] = cursor
        method = "listRepos"
        if listing.name != ALL_REPOS:
            method = "listReposByCollection"
            params["collection"] = listing.name
        until = asyncio.get_running_loop().time() + PATIENCE
        return read_page(await self._asker.get_json(listing.origin, f"com.atproto.sync.{method}", params, until))

    async def _take_in(self, listing: Listing, page: Page) -> int:
        """Keep who is new; how many these are."""
        dids = {repo.did for repo in page.repos if repo.active}
        for did in dids:
            self._tracked.add(did)
        async with self._pool.acquire() as connection, connection.transaction():
            new = await connection.fetchval(SQL["take_in"], sorted(dids))
            await connection.execute(SQL["save_cursor"], *listing, page.cursor)
        metrics.DISCOVERED.labels(listing.name).inc(new)
        if new:
            self._wake_identity()
        return new
