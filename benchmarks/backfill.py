"""From nothing to a synced index: discovery, identities, and every repo fetched, verified and stored.

The simulated network (a relay with its directory, the PLC directory, two PDSes) runs in a process of its own, on the
same cores, and has made the blocks of its repos before. What is measured is `plyr-appview index` with the shipped
settings, save that the hosts are not spared, from the moment at which its subscription stands until the last repo is
synced.
"""

import asyncio
from multiprocessing.connection import Connection
from time import monotonic
from typing import Annotated, NamedTuple

import typer

from benchmarks import store
from benchmarks.crowd import FORGETFUL, Ticking
from benchmarks.processes import Helper, cpu_seconds, helping, running
from benchmarks.report import Figures, memory_mb, per_second
from benchmarks.store import Store
from runtime.settings import Settings
from runtime.sql import Queries
from simulator import Network, Population, World

SQL = Queries.beside(__file__)

SEED = 11
RECORDS = (5, 500)  # least and most of a repo
ARTISTS = 5  # every so manieth account is an artist's
START = 300.0  # seconds for the network to be there
PATIENCE = 300.0  # seconds for everything to be synced
LOOK = 0.05  # seconds between two looks
UNLIMITED = 1e6  # requests per second


class Served(NamedTuple):
    """Where the simulated network is, and how many records its repos hold."""

    relay: str
    directory: str
    plc: str
    resolver: str
    records: int


class Synced(NamedTuple):
    """Seconds until all was synced, seconds of work and largest memory [MB] of the process, and records stored."""

    seconds: float
    work: float
    memory: float
    records: int


def run(repos: Annotated[int, typer.Option(min=2, help="repos, of 5 to 500 records")] = 2_000) -> Figures:
    """Repos and records per second, from empty to synced."""
    with helping(_network, repos) as helper:
        served, synced = asyncio.run(_measure(helper, repos))
    return {
        "repos": repos,
        "records": served.records,
        "reposPerSecond": per_second(repos, synced.seconds),
        "recordsPerSecond": per_second(served.records, synced.seconds),
        "reposPerCpuSecond": per_second(repos, synced.work),
        "recordsMissing": served.records - synced.records,
        "memoryMb": synced.memory,
    }


async def _measure(helper: Helper, repos: int) -> tuple[Served, Synced]:
    served: Served = await asyncio.to_thread(helper.receive, START)
    async with store.opened() as opened:
        return served, await _sync(opened, _settings(opened.settings, served), repos)


def _settings(settings: Settings, served: Served) -> Settings:
    return settings.model_copy(
        update={
            "relay_urls": (served.relay,),
            "directory_url": served.directory,
            "plc_url": served.plc,
            "handle_resolver": served.resolver,
            "trust_loopback": True,
            "host_rate": UNLIMITED,
            "plc_rate": UNLIMITED,
            "host_concurrency": settings.sync_workers,
        }
    )


async def _sync(opened: Store, settings: Settings, repos: int) -> Synced:
    memory = 0.0
    with running("index", settings) as part:
        async with asyncio.timeout(PATIENCE):
            while await opened.cursor() is None:
                part.check()
                await asyncio.sleep(LOOK)
            began, worked = monotonic(), cpu_seconds(part.pid)
            while await opened.pool.fetchval(SQL["synced_repos"]) < repos:
                part.check()
                memory = max(memory, memory_mb(part.pid))
                await asyncio.sleep(LOOK)
        seconds, work = monotonic() - began, cpu_seconds(part.pid) - worked
    return Synced(seconds, work, memory, len(await opened.records()))


def _network(pipe: Connection, repos: int) -> None:
    artists = repos // ARTISTS
    population = Population(artists, repos - artists, 0, RECORDS)
    world = World(SEED, population, clock=Ticking(), retention=FORGETFUL)
    held = [account.active_repo for account in world.accounts.values()]
    for repo in held:
        repo.car()
    asyncio.run(_serve(pipe, world, sum(len(repo.records) for repo in held)))


async def _serve(pipe: Connection, world: World, records: int) -> None:
    async with Network(world) as network:
        addresses = network.relay_url, network.directory_url, network.plc_url, network.handle_resolver_url
        pipe.send(Served(*addresses, records))
        await asyncio.Event().wait()
