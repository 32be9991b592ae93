"""One seed, from an empty database to a verdict: a world lives, things go wrong, and then all has to be as modelled.

The indexer is the real one, run as its process runs it; it is stopped and started, and cancelled at whatever it waits
for. When the faults end, hosts say again what nobody was told of (`announce_again`, as hosts do by `#sync`), and the
indexer has so long to come to rest. The database is compared until it is equal, or stays the same and is not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from indexer.metrics import LEFTOVERS
from indexer.rolling import Rolling
from protocol.syntax import Did
from runtime.db import writer_pool
from runtime.settings import Settings
from simulator import AccountEvent, CommitEvent, Event, Network, Population, World
from simulator.faults import Chances, Faults
from tests.oracle import acts
from tests.oracle.compare import differences
from tests.oracle.model import expected_repos
from tests.oracle.observed import SQL, observe
from tests.oracle.running import Indexer, IndexerProcess
from tests.oracle.stage import Stage

# So short that what has to be tried again is tried again within the seed's time.
IMPATIENT: Final[dict[str, Any]] = {
    "trust_loopback": True,
    "db_pool_size": 4,
    "silence_timeout": 1.0,
    "reconnect_min": 0.02,
    "reconnect_max": 0.1,
    "cursor_interval": 0.05,
    "status_interval": 0.3,
    "compare_grace": 0.3,
    "compare_listing": 20,
    "compare_page": 5,
    "sync_workers": 6,
    "sync_lease": 1.5,
    "sync_retry_min": 0.1,
    "sync_retry_max": 0.5,
    "sync_poll": 0.05,
    "sync_chunk": 100,
    "resyncs_per_hour": 10_000,
    "buffered_events_per_repo": 10,
    "host_concurrency": 4,
    "host_rate": 10_000.0,
    "discovery_interval": 0.5,
    "discovery_page": 5,
    "identity_ttl": 1.0,
    "identity_negative_ttl": 0.1,
    "identity_refresh_min": 0.1,
    "plc_rate": 10_000.0,
    "handle_recheck": 0.3,
    "connect_timeout": 0.7,
    "first_byte_timeout": 0.7,
    "request_timeout": 0.7,
    "repo_timeout": 1.0,
}
PAUSE: Final = 0.05
STALL: Final = 1.0
MOVED: Final = 60.0  # seconds, for windows to be moved whoever counts
MIDNIGHT: Final = 0.02
SMALL: Final = Population(artists=4, listeners=6, strangers=2, records=(3, 15))


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens. `pace`: the longest pause between two acts [s].

    `patience`: seconds until the database must be equal; `calm`: comparisons after which a difference that stays is one
    (each takes as long as the machine lets it). That is to outlast the claim on an identity that a killed indexer left.
    """

    rounds: int = 120
    population: Population = SMALL
    faults: bool = True
    pace: float = 0.02
    indexer: type[Indexer | IndexerProcess] = Indexer
    patience: float = 120.0
    calm: int = 600


PLAN: Final = Plan()


@dataclass
class Report:
    """`differences`: none when all is well. `happened`: how often each act and fault; `rows`: of each table."""

    seed: int
    differences: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        what = ", ".join(f"{name} {count}" for name, count in sorted(self.happened.items()))
        lines = [*self.differences[:40], f"... {len(self.differences)} differences"] if self.differences else ["equal"]
        return "\n".join((f"seed {self.seed}: {what}", *lines))


@dataclass(frozen=True)
class Sources:
    """What the indexer reads: settings that name it, and where each stream ends, by origin.

    `tells_heads`: whether a commit is told that changes nothing of ours; if not, a repo's head may be an older one.
    """

    settings: dict[str, Any]
    ends: dict[str, Callable[[], int]]
    tells_heads: bool = True


@dataclass
class Show:
    """A seed under way: the stage, what is wrong with it, its indexer, and every version that there ever was.

    `rows`: how many each table had when it was compared last.
    """

    stage: Stage
    faults: Faults
    indexer: Indexer | IndexerProcess
    database_url: str
    history: dict[str, set[tuple[str, bytes]]]
    sources: Sources
    rows: Counter[str] = field(default_factory=Counter)


async def one_relay(network: Network) -> Sources:
    return Sources({"relay_urls": (network.relay_url,)}, {network.relay_url: lambda: network.relay.stream.last_seq})


@contextlib.asynccontextmanager
async def showing(
    world: World,
    chances: Chances,
    database_url: str,
    folder: Path,
    *,
    make: type[Indexer | IndexerProcess] = Indexer,
    sources: Callable[[Network], Awaitable[Sources]] = one_relay,
) -> AsyncIterator[Show]:
    """A world on its network, and an indexer that reads it. `folder`: for what the indexer keeps in files."""
    history = remember(world)
    faults = Faults(world, chances, stall=STALL)
    async with Network(world, faults) as network:
        read = await sources(network)
        indexer = make(_settings(network, database_url, folder, read.settings))
        await indexer.start()
        try:
            yield Show(Stage(world, network, world.random("oracle")), faults, indexer, database_url, history, read)
        finally:
            await indexer.kill()


async def run_seed(seed: int, database_url: str, folder: Path, plan: Plan = PLAN) -> Report:
    """Let a seed happen against a fresh database, and compare."""
    world = World(seed, plan.population, hosts=3)
    report = Report(seed)
    chances = Chances.some(world.random("chances")) if plan.faults else Chances()
    before = left_over()
    async with showing(world, chances, database_url, folder, make=plan.indexer) as show:
        for _ in range(plan.rounds):
            report.happened[acts.act(show.stage)] += 1
            if show.stage.rng.random() < MIDNIGHT:
                await turn_midnight(show)
                report.happened["midnight"] += 1
            if plan.faults:
                report.happened[await _trouble(show)] += 1
            await asyncio.sleep(show.stage.rng.random() * plan.pace)
            show.indexer.check()
        make_good(show)
        report.happened.update(show.faults.happened)
        report.differences = await settle(show, plan)
        report.rows = show.rows
    if left_over() > before:
        report.differences.append("buffer: events stayed behind a repo that was settled")
    return report


def left_over() -> float:
    """How often an indexer of this process has found events for which nobody cared any more."""
    return sum(sample.value for metric in LEFTOVERS.collect() for sample in metric.samples if "total" in sample.name)


def _settings(network: Network, database_url: str, folder: Path, sources: dict[str, Any]) -> Settings:
    return Settings.load(
        {},
        database_url=database_url,
        data_dir=folder,
        directory_url=network.directory_url,
        plc_url=network.plc_url,
        handle_resolver=network.handle_resolver_url,
        **IMPATIENT | sources,
    )


def remember(world: World) -> dict[str, set[tuple[str, bytes]]]:
    """Every version of every record that there is from now on, by DID, and those that there were."""
    history: dict[str, set[tuple[str, bytes]]] = {}

    def note(event: Event) -> None:
        versions = history.setdefault(event.did, set())
        if isinstance(event, CommitEvent):
            versions.update((op.path, op.record) for op in event.ops if op.record is not None)

    for event in world.events:
        note(event)
    world.watch(note)
    return history


async def _trouble(show: Show) -> str:
    """Now and then the process dies, or the relay does, or its memory.

    What the relay forgets is to be found out, save a deletion: a host that has a repo no more does not say why.
    """
    stage, indexer = show.stage, show.indexer
    chance, stream = stage.rng.random(), stage.network.relay.stream
    if chance < 0.02:
        await indexer.kill()
        await indexer.start()
        return "killed"
    if chance < 0.03:
        await indexer.stop()
        await asyncio.sleep(stage.rng.random() * 0.2)
        await indexer.start()
        return "restarted"
    if chance < 0.05:
        await stream.close()
        return "disconnected"
    if chance < 0.056:
        stream.forget()
        stage.untold |= deleted_once(stage.world)
        await stream.close()
        return "forgotten"
    if chance < 0.062:
        await stream.begin_anew(stage.rng.randrange(1, 1_000_000))
        return "begun anew"
    if chance < 0.07:
        await acts.arrive_on_own_host(stage)
        return "own host"
    return "quiet"


async def turn_midnight(show: Show) -> None:
    """The windows of the charts end a day later from now on, moved while the indexer counts."""
    show.stage.today += timedelta(days=1)
    pool = await writer_pool(show.database_url, size=1, connect_timeout=STALL)
    try:
        rolling = Rolling(pool, lambda: show.stage.today)
        async with asyncio.timeout(MOVED):
            while True:
                with contextlib.suppress(asyncpg.LockNotAvailableError):  # somebody counts for longer than a step waits
                    await rolling.catch_up(asyncio.Event())
                    return
    finally:
        await pool.close()


def deleted_once(world: World) -> set[Did]:
    """Who was deleted, and may be back, or has a tombstone for a document: none of it is to be found out, only to be
    heard of."""
    deleted = {event.did for event in world.events if isinstance(event, AccountEvent) and event.status == "deleted"}
    return deleted | {did for did, account in world.accounts.items() if account.tombstoned}


def make_good(show: Show) -> None:
    """The faults end; new keys are used, and hosts say again what did not arrive, and whose handle is another's now."""
    stage, faults = show.stage, show.faults
    faults.end()
    world = stage.world
    ours = {did for did, repo in expected_repos(world, stage.network.pds_urls).items() if repo.is_ours}
    untold = faults.lost | stage.untold | {did for did in world.accounts if did.method == "web"}
    untold |= {victim for victim, robber in stage.robbed if robber not in ours}
    for did in sorted(stage.rotated):
        if world.account(did).status is None:
            acts.post(stage, did)
    for did in sorted(untold & world.accounts.keys()):
        world.announce_again(did)


async def settle(show: Show, plan: Plan, hostile: frozenset[str] = frozenset()) -> list[str]:
    """The differences that are left when all is at rest, or when patience ends. `hostile`: accounts left out."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + plan.patience
    last: list[str] = []
    same = 0
    while True:
        show.indexer.check()
        found = await _compare(show, hostile)
        stays = _places(found) == _places(last) and not any(line.startswith("gap") for line in found)
        same = same + 1 if stays else 0
        last = found
        if not found or same > plan.calm or loop.time() >= deadline:
            return found
        await asyncio.sleep(PAUSE)


def _in_words(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != "did" and value is not None)


def _places(found: list[str]) -> list[str]:
    """What is different, without how."""
    return [line.split(": ", 1)[0] for line in found]


async def _compare(show: Show, hostile: frozenset[str]) -> list[str]:
    """Cheap questions first: comparing takes a while, and there is no use in it before all is read."""
    network, world = show.stage.network, show.stage.world
    try:
        connection = await asyncpg.connect(show.database_url)
    except (OSError, asyncpg.PostgresError) as fault:
        return [f"the database: {fault}"]
    try:
        cursor = await connection.fetchrow(SQL["cursor"])
        if cursor is None or cursor["seq"] < show.sources.ends[cursor["source"]]():
            return [f"the cursor: at {cursor and tuple(cursor)}"]
        gaps = [f"gap {row['id']}: not healed: {_in_words(dict(row))}" for row in await connection.fetch(SQL["gaps"])]
        if gaps:
            return gaps
        known = world.accounts.keys() - hostile
        unsettled = {row["did"]: dict(row) for row in await connection.fetch(SQL["unsettled"]) if row["did"] in known}
        if unsettled:
            return [f"account {did}: not at rest: {_in_words(row)}" for did, row in sorted(unsettled.items())]
        observed = await observe(connection)
        show.rows = Counter({name: len(rows) for name, rows in observed.tables.items()})
        found = differences(expected_repos(world, network.pds_urls), observed, show.history, show.stage.today)
        if not show.sources.tells_heads:
            found = [line for line in found if not line.partition(": ")[2].startswith(("rev is", "data is"))]
        return [line for line in found if not any(did in line for did in hostile)]
    finally:
        await connection.close()
