"""A town that is founded once. Tests only read: what happens in it, happens in copies, each of which is served.

The served ones belong to the session's event loop, so that a test which asks one carries the mark `asking`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from pydantic import SecretStr

from protocol.crypto import PrivateKey
from runtime import db
from runtime.settings import Settings
from tests.appview.contract.cases import CASES
from tests.appview.contract.town import Town, found
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Person, Stage, served
from tests.conftest import CONNECT_SECONDS, TEMPLATE, Server

KEY = PrivateKey.generate("k256", b"a fan's")
SIGNED = frozenset(case.nsid for case in CASES if case.signed)

asking = pytest.mark.asyncio(loop_scope="session")

Act = Callable[[Stage], Awaitable[None]]


class Founded(NamedTuple):
    """A town and the database that it is copied from."""

    database: str
    town: Town


class Visitor(Client):
    """Asks without an account, but signed in as somebody whatever can't be asked otherwise."""

    def __init__(self, client: Client, person: Person) -> None:
        super().__init__(client.session)
        self._person = person

    async def send(self, nsid: str, headers: Mapping[str, str], **params: Any) -> tuple[int, Any, Mapping[str, str]]:
        if nsid in SIGNED and not headers:
            headers = bearer(token(KEY, claims(self._person, nsid)))
        return await super().send(nsid, headers, **params)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def founded(postgres: Server) -> AsyncGenerator[Founded]:
    name = await postgres.create(TEMPLATE)
    async with _stage(postgres, name) as stage:
        town = await found(stage)
        for fan in town.fans[:2]:
            await give_key(stage.pool, fan, KEY)
        await stage.subscribed()
        await stage.pool.execute("ANALYZE")
    yield Founded(name, town)
    await postgres.drop(name)


@pytest.fixture(scope="session")
def town(founded: Founded) -> Town:
    """Who is there."""
    return founded.town


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(postgres: Server, founded: Founded) -> AsyncGenerator[Client]:
    """Asks about the town as it was founded."""
    async with ages(postgres, founded) as [client]:
        yield client


@asynccontextmanager
async def ages(postgres: Server, founded: Founded, *acts: Act) -> AsyncGenerator[list[Client]]:
    """Who asks about the town as it was founded, and about what each act in turn makes of it."""
    async with AsyncExitStack() as ending:
        names = [await _copy(postgres, founded.database, ending)]
        for act in acts:
            names.append(await _copy(postgres, names[-1], ending))
            async with _stage(postgres, names[-1]) as stage:
                await act(stage)
        sessions = [await ending.enter_async_context(served(_settings(postgres.dsn(name)))) for name in names]
        yield [Visitor(Client(session), founded.town.fans[1]) for session in sessions]


async def _copy(postgres: Server, database: str, ending: AsyncExitStack) -> str:
    name = await postgres.create(database)
    ending.push_async_callback(postgres.drop, name)
    return name


@asynccontextmanager
async def _stage(postgres: Server, database: str) -> AsyncGenerator[Stage]:
    pool = await db.writer_pool(postgres.dsn(database), size=2, connect_timeout=CONNECT_SECONDS)
    yield Stage(pool)
    await pool.close()


def _settings(database_url: str) -> Settings:
    return Settings.load(
        {},
        answer_hold=0,
        rate_limit=0,  # all tests of a module are one client
        database_url=SecretStr(database_url),
        read_pool_size=4,
        statement_timeout=2.0,
        service_url="https://appview.example.com",
        handle_resolver="https://127.0.0.1",  # refused at once: nobody is asked
    )
