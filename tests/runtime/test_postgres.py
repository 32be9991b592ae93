"""The embedded server: one owner, a socket only, and it survives whatever happens to the owner."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from runtime.postgres import DataDirOwned, EmbeddedPostgres, EmbeddedPostgresError, database
from runtime.settings import Settings

OWNER = """
import asyncio, sys
from pathlib import Path
from runtime.postgres import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres.own(Path(sys.argv[1]))
    await server.start()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path (a socket lies in it) under a folder that others may not enter."""
    with tempfile.TemporaryDirectory(prefix="plyr-") as folder:
        yield Path(folder) / "data"


async def _value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_data_survives_a_restart_and_nobody_listens_on_a_port(data_dir: Path) -> None:
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    await _value(server.dsn, "CREATE TABLE kept AS SELECT 42 AS value")
    assert await _value(server.dsn, "SELECT current_setting('listen_addresses')") == ""
    await server.stop()
    again = EmbeddedPostgres.own(data_dir)
    await again.start()
    assert await _value(again.dsn, "SELECT value FROM kept") == 42
    await again.stop()


async def test_a_second_owner_is_refused_and_a_part_joins(data_dir: Path) -> None:
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    with pytest.raises(DataDirOwned, match=str(os.getpid())):
        EmbeddedPostgres.own(data_dir)
    async with database(Settings.load({}, data_dir=data_dir)) as dsn:
        assert await _value(dsn, "SELECT 1") == 1
    assert await _value(server.dsn, "SELECT 1") == 1, "the server outlives the part that joined it"
    await server.stop()


async def test_the_server_ends_with_an_owner_that_is_killed_and_starts_again(data_dir: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
    postmaster = int((data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    assert await _value(server.dsn, "SELECT 1") == 1
    assert int((data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]) != postmaster
    await server.stop()


async def test_a_former_server_that_has_ended_but_is_not_gone_is_waited_for(data_dir: Path) -> None:
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    mark = data_dir / "postgres" / "cluster" / "postmaster.pid"
    lines = mark.read_text().split("\n")
    await server.stop()
    former = subprocess.Popen(["/bin/true"])
    await asyncio.to_thread(os.waitid, os.P_PID, former.pid, os.WEXITED | os.WNOWAIT)
    mark.write_text("\n".join([str(former.pid), *lines[1:]]))
    server = EmbeddedPostgres.own(data_dir)
    starting = asyncio.create_task(server.start())
    done, _ = await asyncio.wait({starting}, timeout=1.0)
    assert not done
    former.wait()
    await starting
    assert await _value(server.dsn, "SELECT 1") == 1
    await server.stop()


async def test_a_server_that_is_killed_recovers(data_dir: Path) -> None:
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    await _value(server.dsn, "CREATE TABLE kept AS SELECT 42 AS value")
    pid = int((data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    await server.exited()
    await server.start()
    assert await _value(server.dsn, "SELECT value FROM kept") == 42
    await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="root only")
async def test_as_root_the_server_runs_as_nobody_and_no_folder_of_others_is_opened(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    server = EmbeddedPostgres.own(data_dir)
    await server.start()
    cluster = data_dir / "postgres" / "cluster"
    pid = int((cluster / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert data_dir.parent.stat().st_mode & 0o777 == 0o700
    assert cluster.stat().st_mode & 0o777 == 0o700
    data_dir.parent.chmod(0o755)
    socket = cluster / ".s.PGSQL.5432"
    others = subprocess.run(["/usr/bin/test", "-e", socket], user="nobody", group="nogroup", check=False)
    assert others.returncode != 0, "another process of the server's user has no way to it"
    await server.stop()


def test_a_path_too_long_for_a_socket_is_refused_with_the_reason(data_dir: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="PLYR_DATA_DIR is too long"):
        EmbeddedPostgres.own(data_dir / ("x" * 100))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_refused_with_the_reason(data_dir: Path) -> None:
    data_dir.parent.chmod(0o500)
    with pytest.raises(EmbeddedPostgresError, match="can't be used: Permission denied"):
        EmbeddedPostgres.own(data_dir)


def test_a_file_in_the_place_of_the_folder_is_refused_with_the_reason(data_dir: Path) -> None:
    data_dir.write_text("")
    with pytest.raises(EmbeddedPostgresError, match="can't be used: File exists"):
        EmbeddedPostgres.own(data_dir)
