"""What every test may ask for: a real Postgres, and a fresh database cloned from a migrated template."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import Phase, settings

import migrations
from runtime import db
from runtime.postgres import EmbeddedPostgres, socket_dsn

TESTS = Path(__file__).parent
TEMPLATE = "template_plyr"
CONNECT_SECONDS = 30.0
FAST_AND_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB"}

# The files that take longest, which begin first: else one worker has them at the end while the others have nothing.
# Those of a network that may have to be installed meanwhile come behind.
SLOW = (
    "benchmarks/test_benchmarks.py",
    "indexer/test_reindex.py",
    "indexer/aggregates/test_history.py",
    "indexer/test_compare.py",
    "indexer/test_jetstream.py",
    "oracle/test_oracle.py",
    "fuzz/test_fuzz.py",
    "indexer/aggregates/test_played.py",
    "indexer/aggregates/test_recent.py",
    "e2e/test_accounts.py",
    "e2e/test_bad_input.py",
    "e2e/test_migration.py",
    "appview/contract/test_openapi.py",
)

# For who only asks whether anything fails: to make a failing example smaller takes minutes.
settings.register_profile("unshrunk", phases=(Phase.explicit, Phase.generate))

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first; each file's tests stay together and in order."""
    order = {TESTS / name: place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: order.get(item.path, len(SLOW)))


class Server:
    """The test run's Postgres; gives out databases."""

    def __init__(self, cluster: Path) -> None:
        self._cluster = cluster

    def dsn(self, name: str) -> str:
        return socket_dsn(self._cluster, name)

    async def create(self, template: str = "template1") -> str:
        """The name of a new database."""
        name = f"test_{next(_numbers)}"
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        finally:
            await connection.close()
        return name

    async def drop(self, name: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        finally:
            await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncGenerator[Server]:
    """One server for the whole run (each xdist worker has its own), with a migrated template."""
    folder = Path(tempfile.mkdtemp(prefix="plyr-test-"))
    embedded = EmbeddedPostgres.own(folder, FAST_AND_FORGETFUL)
    try:
        await embedded.start()
        server = Server(folder / "postgres" / "cluster")
        connection = await asyncpg.connect(server.dsn("postgres"))
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
        await connection.close()
        connection = await asyncpg.connect(server.dsn(TEMPLATE))
        await migrations.apply(connection)
        await connection.close()
        yield server
    finally:
        await embedded.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps are looked after without the long pauses that spare a database with much to look at."""
    monkeypatch.setattr("indexer.compare.LOOK_SHARE", 1)


@pytest_asyncio.fixture
async def database_url(postgres: Server) -> AsyncGenerator[str]:
    """The address of a fresh, migrated database."""
    name = await postgres.create(TEMPLATE)
    yield postgres.dsn(name)
    await postgres.drop(name)


@pytest_asyncio.fixture
async def empty_database_url(postgres: Server) -> AsyncGenerator[str]:
    """The address of a fresh database without any table."""
    name = await postgres.create()
    yield postgres.dsn(name)
    await postgres.drop(name)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncGenerator[db.Pool]:
    """The writer's pool on a fresh database."""
    pool = await db.writer_pool(database_url, size=8, connect_timeout=CONNECT_SECONDS)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def reader(database_url: str) -> AsyncGenerator[db.Pool]:
    """The reader's pool on the same database."""
    pool = await db.reader_pool(database_url, size=4, connect_timeout=CONNECT_SECONDS, statement_timeout=5.0)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def connection(pool: db.Pool) -> AsyncGenerator[db.Connection]:
    """One of the writer's sessions."""
    async with pool.acquire() as connection:
        yield connection
