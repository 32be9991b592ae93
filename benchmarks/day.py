"""A day in the life of the network, compressed: its full stream, a hundredth of it ours, and one trouble after another.

The simulated network lives in this process, `plyr-appview index` and its database in theirs, as they are run in
earnest; only what is waited for is shorter. Between two troubles there is calm, and after each the lag is to be gone.
Lag is the age of the oldest event that the relay has announced and the cursor in the database does not cover: how long
ago that was announced, whatever the events themselves say. In the end the records stored are those of the repos.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from bisect import bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Final

import asyncpg
import typer
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import SecretStr

import migrations
from benchmarks.processes import Part, running
from benchmarks.report import Figures, memory_mb, milliseconds
from benchmarks.store import Rows, records_of
from runtime.observe import metrics_dir
from runtime.postgres import EmbeddedPostgres
from runtime.settings import Settings
from runtime.sql import Queries
from simulator import Network, Population, Retention, World
from simulator.bulk import strangers_events
from simulator.faults import Chances, Faults
from simulator.http_faults import HttpChances

SQL = Queries.beside(__file__)

SEED: Final = 13
GAP: Final = 99  # events of others for each of ours
KEPT: Final = Retention(events=200_000, size=2_000_000_000)
HOSTS: Final = 3
STALL_METRIC: Final = "plyr_indexer_longest_stall_seconds"
PROFILE: Final = "app.bsky.actor.profile"
STALL: Final = 4.0  # seconds without a frame, more than the indexer is silent about
TROUBLE: Final = 8.0  # seconds that a trouble lasts
TICK: Final = 0.02  # seconds between two bursts of the stream
LOOK: Final = 0.1  # seconds between two looks at the cursor
AT_REST: Final = 1.0  # seconds of lag that are none
START: Final = 120.0
PATIENCE: Final = 180.0  # seconds for the lag to be gone, and for the last record to be stored

# What is waited for in hours or minutes otherwise.
HURRIED: Final[Mapping[str, Any]] = {
    "trust_loopback": True,
    "silence_timeout": 2.0,
    "reconnect_min": 0.1,
    "reconnect_max": 1.0,
    "compare_grace": 1.0,
    "sync_retry_min": 0.5,
    "sync_retry_max": 2.0,
    "resyncs_per_hour": 10_000,
    "host_rate": 10_000.0,
    "plc_rate": 10_000.0,
    "discovery_interval": 20.0,
    "identity_ttl": 5.0,
    "identity_negative_ttl": 0.5,
    "identity_refresh_min": 0.5,
    "handle_recheck": 1.0,
    "request_timeout": 5.0,
    "first_byte_timeout": 5.0,
}


@dataclass(frozen=True, slots=True)
class Hours:
    """`rate`: events a second. `calm`: seconds before and after each trouble. `people`: whom we index at first."""

    rate: int = 2_000
    calm: float = 10.0
    people: int = 200


@dataclass
class Seen:
    """What was seen of a day: lag in seconds and memory in MB, over time; seconds until the lag was gone, by trouble.

    `announced`: (number, when) of the stream, as it grew.
    """

    announced: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    calm_lag: list[float] = field(default_factory=list[float])
    worst_lag: float = 0.0
    memory: list[float] = field(default_factory=list[float])
    recovered: dict[str, float] = field(default_factory=dict[str, float])


class Day:
    """A day under way. `database_url`: what the indexer writes to."""

    def __init__(self, world: World, network: Network, faults: Faults, server: EmbeddedPostgres, folder: Path) -> None:
        self.world = world
        self.network = network
        self.faults = faults
        self.database_url = server.dsn
        self.seen = Seen()
        self._server = server
        self._stack = ExitStack()
        self._part: Part | None = None
        self._lag: float | None = None
        self._settings = Settings.load(
            {},
            data_dir=folder,
            database_url=SecretStr(server.dsn),
            relay_urls=(network.relay_url,),
            directory_url=network.directory_url,
            plc_url=network.plc_url,
            handle_resolver=network.handle_resolver_url,
            **HURRIED,
        )

    @property
    def collections(self) -> Collection[str]:
        """What is indexed."""
        return self._settings.collections

    def check(self) -> None:
        """Raises PartEnded when the indexer has ended by itself."""
        if self._part is not None:
            self._part.check()

    def start(self) -> None:
        """Start the indexer. Its memory is told from here on."""
        self._part = self._stack.enter_context(running("index", self._settings))
        self.seen.memory.clear()

    async def stop(self) -> None:
        """Stop the indexer, as an operator does."""
        self._part = None
        await asyncio.to_thread(self._stack.close)

    def longest_stall_ms(self) -> float | None:
        """How long the indexer's event loop was kept from everything else at most, all its processes together."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(metrics_dir(self._settings.data_dir)))
        seconds = registry.get_sample_value(STALL_METRIC)
        return None if seconds is None else round(seconds * 1_000, 1)

    async def live(self, rate: int) -> None:
        """Let everybody live, until cancelled."""
        strangers = strangers_events(self.world)
        loop = asyncio.get_running_loop()
        began, done = loop.time(), 0
        while True:
            due = min(int((loop.time() - began) * rate), done + rate)
            for number in range(done, due):
                if number % (GAP + 1):
                    self.network.relay.carry(next(strangers))
                else:
                    self.world.live()
            done = due
            self.seen.announced.append((self.network.relay.stream.last_seq, monotonic()))
            await asyncio.sleep(TICK)

    async def watch(self) -> None:
        """Look at the lag and the memory, until cancelled."""
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._look()
            await asyncio.sleep(LOOK)

    async def recovery(self) -> float:
        """Seconds from now until there is no lag. Raises TimeoutError, and PartEnded."""
        began = monotonic()
        self._lag = None
        async with asyncio.timeout(PATIENCE):
            while self._lag is None or self._lag >= AT_REST:
                self.check()
                await asyncio.sleep(LOOK)
        return monotonic() - began

    async def _look(self) -> None:
        connection = await asyncpg.connect(self.database_url)
        try:
            cursor = await connection.fetchval(SQL["read_cursor"])
        finally:
            await connection.close()
        if cursor is None:
            return
        announced = self.seen.announced
        behind = bisect_right(announced, (cursor, float("inf")))
        self._lag = monotonic() - announced[behind][1] if behind < len(announced) else 0.0
        self.seen.worst_lag = max(self.seen.worst_lag, self._lag)
        if self._part is not None:
            self.seen.memory.append(memory_mb(self._part.pid))

    async def calm(self, seconds: float) -> None:
        """Nothing goes wrong for so long."""
        until = monotonic() + seconds
        while monotonic() < until:
            self.check()
            await asyncio.sleep(LOOK)
            if self._lag is not None:
                self.seen.calm_lag.append(self._lag)

    async def go_wrong(self, chances: Chances) -> None:
        """For a while something happens so often; meanwhile somebody arrives, whose repo has to be fetched."""
        self.faults.begin(chances)
        self._arrive()
        await asyncio.sleep(TROUBLE)
        self.faults.end()

    async def disconnect(self) -> None:
        await self.network.relay.stream.close()

    async def restart_database(self) -> None:
        await self._server.stop()
        await self._server.start()

    async def miss_events(self) -> None:
        """While nobody reads, the relay forgets what it had to tell."""
        await self.stop()
        await asyncio.sleep(TROUBLE / 2)
        self.network.relay.stream.forget()
        self.start()

    def _arrive(self) -> None:
        for number in range(5):
            account = self.world.create_account(f"late-{len(self.world.accounts)}.test", host=number % HOSTS)
            self.world.write(account.did, [self.world.scene.like(self.world.random("late"), self.world.now())])


# The first is the one that starts the indexer again: memory is told from then on.
TROUBLES: Final[Mapping[str, Callable[[Day], Awaitable[None]]]] = {
    "missed events": Day.miss_events,
    "disconnection": Day.disconnect,
    "truncated frames": lambda day: day.go_wrong(Chances(truncate=0.002)),
    "spoilt and doubled frames": lambda day: day.go_wrong(Chances(spoil=0.002, double=0.01, junk=0.01)),
    "stalls": lambda day: day.go_wrong(Chances(stall=0.001)),
    "hosts away": lambda day: day.go_wrong(Chances(http=HttpChances(refuse=0.7, reset=0.3))),
    "429": lambda day: day.go_wrong(Chances(http=HttpChances(limit=0.7))),
    "database restart": Day.restart_database,
}


@asynccontextmanager
async def lived(world: World, hours: Hours, folder: Path) -> AsyncGenerator[Day]:
    """The day, when it is over and everything has been said that was lost; the network and the indexer still run."""
    faults = Faults(world, Chances(), stall=STALL)
    server = EmbeddedPostgres.own(folder)
    await server.start()
    try:
        await _migrate(server.dsn)
        async with Network(world, faults) as network:
            day = Day(world, network, faults, server, folder)
            day.start()
            try:
                await _live_through(day, hours)
                yield day
            finally:
                await day.stop()
    finally:
        await server.stop()


async def _live_through(day: Day, hours: Hours) -> None:
    async with asyncio.timeout(START):
        while not day.network.relay.stream.subscribers:
            day.check()
            await asyncio.sleep(LOOK)
    tasks = [asyncio.create_task(day.live(hours.rate)), asyncio.create_task(day.watch())]
    try:
        for name, trouble in TROUBLES.items():
            await day.calm(hours.calm)
            await trouble(day)
            day.seen.recovered[name] = await day.recovery()
        await day.calm(hours.calm)
        tasks[0].cancel()
        for did in sorted(day.faults.lost & day.world.accounts.keys()):
            day.world.announce_again(did)
        day.seen.announced.append((day.network.relay.stream.last_seq, monotonic()))
        await day.recovery()
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault


async def _migrate(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await migrations.apply(connection)
    finally:
        await connection.close()


def population(people: int) -> Population:
    artists = people // 5
    return Population(artists=artists, listeners=people - artists, strangers=5, records=(5, 60))


def run(
    rate: Annotated[int, typer.Option(min=100, help="events a second, one of a hundred ours")] = 2_000,
    calm: Annotated[float, typer.Option(min=1.0, help="time between two troubles [s]")] = 10.0,
    people: Annotated[int, typer.Option(min=10, help="people whom we index")] = 200,
) -> Figures:
    """How far the indexer falls behind, how soon it is back, what it holds in memory; records missing in the end."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # connections that are cut on purpose
    with tempfile.TemporaryDirectory(prefix="plyr-bench-") as folder:
        return asyncio.run(_measure(Hours(rate, calm, people), Path(folder)))


async def _measure(hours: Hours, folder: Path) -> Figures:
    world = World(SEED, population(hours.people), hosts=HOSTS, retention=KEPT)
    async with lived(world, hours, folder) as day:
        missing = await _missing(day)
        ended = {"longestStallMs": day.longest_stall_ms(), "recordsMissing": missing, "accounts": len(world.accounts)}
        return figures(day.seen) | ended


def figures(seen: Seen) -> dict[str, object]:
    (first, began), (last, ended) = seen.announced[0], seen.announced[-1]
    return {
        "events": last - first,
        "seconds": round(ended - began, 1),
        "lagInCalmMs": milliseconds(seen.calm_lag),
        "worstLagSeconds": round(seen.worst_lag, 1),
        "recoverySeconds": {name: round(seconds, 1) for name, seconds in seen.recovered.items()},
        "memoryMb": memory_figures(seen),
    }


def memory_figures(seen: Seen) -> dict[str, float]:
    """The most of the first third, and of the last."""
    third = max(1, len(seen.memory) // 3)
    return {"early": max(seen.memory[:third]), "late": max(seen.memory[-third:])}


async def _missing(day: Day) -> int:
    """Records that differ when the indexer has had its time."""
    until = monotonic() + PATIENCE
    while True:
        connection = await asyncpg.connect(day.database_url)
        try:
            rows = await connection.fetch(SQL["all_records"])
        finally:
            await connection.close()
        missing = len({(row["did"], row["path"], row["cid"]) for row in rows} ^ _held(day.world, day.collections))
        if not missing or monotonic() > until:
            return missing
        await asyncio.sleep(1.0)


def _held(world: World, collections: Collection[str]) -> Rows:
    """What is to be stored: all of whoever has something of ours beside a profile that says nothing of music."""
    music = set(collections) - {PROFILE}
    accounts = [account for account in world.accounts.values() if music & {*+account.active_repo.collections}]
    return {row for row in records_of(accounts) if row[1].partition("/")[0] in collections}
