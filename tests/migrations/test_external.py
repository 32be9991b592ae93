"""An operator's own server: the oldest that is supported, with a user who may not create roles."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

import migrations
from appview import server
from runtime import db
from runtime.settings import Settings
from tests.appview.stage import Client, Stage
from tests.house.test_sql import all_faults

BINARIES = Path("/usr/lib/postgresql/15/bin")
SECONDS = 30.0

pytestmark = pytest.mark.skipif(not BINARIES.exists(), reason="PostgreSQL 15 is not installed")


def _run(program: str, *arguments: str) -> None:
    """A program of the server's, as an ordinary user: it refuses to work for root."""
    as_user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": ()} if os.geteuid() == 0 else {}
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    subprocess.run([BINARIES / program, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True, **as_user)


@pytest.fixture(scope="module")
def server_15() -> Iterator[Path]:
    """The folder of a running server's socket; its superuser is `admin`."""
    with tempfile.TemporaryDirectory(prefix="plyr-15-") as folder:
        Path(folder).chmod(0o777)
        cluster = f"{folder}/cluster"
        _run("initdb", "-D", cluster, "-U", "admin", "--auth=trust", "--encoding=UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        _run("pg_ctl", "-D", cluster, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield Path(folder)
        finally:
            _run("pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")


@pytest.fixture
async def admin(server_15: Path) -> AsyncGenerator[db.Connection]:
    connection = await asyncpg.connect(f"postgresql://admin@/postgres?host={server_15}")
    yield connection
    await connection.close()


@pytest.fixture
async def database_url(admin: db.Connection, server_15: Path) -> AsyncGenerator[str]:
    """The address of a migrated database that belongs to somebody without any privilege."""
    await admin.execute("CREATE ROLE somebody LOGIN")
    await admin.execute("CREATE DATABASE music OWNER somebody")
    address = f"postgresql://somebody@/music?host={server_15}"
    await _migrate(address)
    yield address
    await admin.execute("DROP DATABASE music WITH (FORCE)")
    await admin.execute("DROP ROLE somebody")


async def _migrate(address: str) -> None:
    connection = await asyncpg.connect(address)
    await migrations.apply(connection)
    await connection.close()


async def test_every_query_prepares(pool: db.Pool, reader: db.Pool) -> None:
    async with pool.acquire() as writing, reader.acquire() as reading:
        faults = await all_faults(writing, reading)
    assert not faults, "\n".join(faults)


async def test_what_is_written_is_served_by_sessions_that_can_only_read(
    pool: db.Pool, reader: db.Pool, database_url: str
) -> None:
    stage = Stage(pool)
    uri, cid = await stage.track(await stage.person("nils.example.com"))
    runner = web.AppRunner(await server.application(Settings.load({}, database_url=SecretStr(database_url))))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        track = (await Client(session).get("fm.plyr.feed.getTrack", uri=uri))["track"]
    await runner.cleanup()
    assert (track["cid"], track["author"]["handle"]) == (cid, "nils.example.com")
    async with reader.acquire() as reading:
        assert await reading.fetchval("SELECT current_user") == "somebody"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await reading.execute("DELETE FROM record")


async def test_a_role_that_is_given_later_is_taken_on_after_the_next_migration(
    admin: db.Connection, database_url: str
) -> None:
    await admin.execute(f"CREATE ROLE {db.READER_ROLE}")
    await admin.execute(f"GRANT {db.READER_ROLE} TO somebody")
    await _migrate(database_url)
    reader = await db.reader_pool(database_url, size=1, connect_timeout=SECONDS, statement_timeout=SECONDS)
    async with reader.acquire() as reading:
        assert await reading.fetchval("SELECT current_user") == db.READER_ROLE
        assert await reading.fetchval("SELECT count(*) FROM visible_track") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reading.fetch("SELECT FROM record")
    await reader.close()
