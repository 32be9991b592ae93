"""Pools of database connections: the writer's and the reader's.

The writer's sessions do not wait for the disk at a commit: a cursor and the rows that it covers are one transaction,
so what a crash of the server takes back is taken back as a whole and read again from the relay (see the pipeline).
The reader's sessions take on a role that may only read the views meant for reading (see migrations), are read-only
besides, and end a statement that runs too long. A server that is not there yet is waited for, within a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import asyncpg

from runtime.sql import Queries

SQL = Queries.beside(__file__)
READER_ROLE = "plyr_reader"
WRITER = "plyr-appview writer"
STATEMENT_CACHE = 512
CONNECT_PAUSE = 0.2

T = TypeVar("T")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


# What passes by itself, or with a server that comes back: worth another attempt. All else is a fault of ours.
PASSING_FAILURES = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server is shutting down, or starting
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InterfaceError,  # the connection was closed under us
    asyncpg.InternalClientError,  # ... between the server's goodbye and the end of its socket
    OSError,
)
# What a server says, or does not, that is not there yet, or no more.
_NOT_NOW = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.TooManyConnectionsError,
)


class DatabaseUnreachable(ConnectionError):
    """The database did not take a connection in the time given; the cause says why."""


async def writer_pool(dsn: str, *, size: int, connect_timeout: float, name: str = WRITER) -> Pool:
    """A pool of at most `size` sessions that may write. Raises DatabaseUnreachable after `connect_timeout` seconds.

    `name`: what the server calls the sessions; the indexer's are WRITER.
    """
    return await _pool(
        dsn,
        size=size,
        connect_timeout=connect_timeout,
        server_settings={
            "application_name": name,
            "synchronous_commit": "off",
            "timezone": "UTC",
            # A plan kept from when a table was nearly empty scans all of it once it has grown.
            "plan_cache_mode": "force_custom_plan",
        },
    )


async def reader_pool(dsn: str, *, size: int, connect_timeout: float, statement_timeout: float) -> Pool:
    """A pool of at most `size` read-only sessions, in the reader's role unless the server has none (see migrations)."""
    server_settings = await _reader_settings(dsn, connect_timeout, statement_timeout)
    return await _pool(dsn, size=size, connect_timeout=connect_timeout, server_settings=server_settings)


async def reader_session(
    dsn: str, *, connect_timeout: float, statement_timeout: float, name: str
) -> asyncpg.Connection[asyncpg.Record]:
    """One such session, outside of any pool; `name` is what the server calls it."""
    server_settings = await _reader_settings(dsn, connect_timeout, statement_timeout) | {"application_name": name}
    return await _patiently(
        lambda: asyncpg.connect(dsn, timeout=connect_timeout, server_settings=server_settings), connect_timeout
    )


async def _reader_settings(dsn: str, connect_timeout: float, statement_timeout: float) -> dict[str, str]:
    server_settings = {
        "application_name": "plyr-appview reader",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{int(statement_timeout * 1000)}",
        "timezone": "UTC",
        "jit": "off",
        # Planning a page costs more than reading it, and no parameter of a page makes another plan the better one. Such
        # a plan does not know how short a page is: it must not read whole tables in order to join them, and it must
        # see through all views at once to find the way by indexes.
        "plan_cache_mode": "force_generic_plan",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "from_collapse_limit": "24",
        "join_collapse_limit": "24",
        "geqo": "off",
    }
    connection = await connect(dsn, connect_timeout=connect_timeout)
    try:
        if await has_reader_role(connection):
            server_settings["role"] = READER_ROLE
    finally:
        await connection.close()
    return server_settings


async def has_reader_role(connection: Connection) -> bool:
    """Whether this session may take on the reader's role."""
    return bool(await connection.fetchval(SQL["has_reader_role"], READER_ROLE))


async def connect(dsn: str, *, connect_timeout: float) -> asyncpg.Connection[asyncpg.Record]:
    """One session of its own (migrations, commands)."""
    return await _patiently(lambda: asyncpg.connect(dsn, timeout=connect_timeout), connect_timeout)


async def _pool(dsn: str, *, size: int, connect_timeout: float, server_settings: dict[str, str]) -> Pool:
    async def create() -> Pool:
        pool = asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=connect_timeout,
            statement_cache_size=STATEMENT_CACHE,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=server_settings,
        )
        return await pool

    return await _patiently(create, connect_timeout)


async def _patiently(attempt: Callable[[], Awaitable[T]], patience: float) -> T:
    """The result of `attempt`, tried again while the server refuses, starts or goes, for `patience` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await attempt()
        except _NOT_NOW as fault:
            if asyncio.get_running_loop().time() >= deadline:
                raise DatabaseUnreachable(f"no connection to the database within {patience:g} s") from fault
            await asyncio.sleep(CONNECT_PAUSE)
