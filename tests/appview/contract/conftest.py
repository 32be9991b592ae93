"""A town for each test: founded once, then copied with its database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
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
from tests.appview.stage import Client, Person, Stage
from tests.conftest import CONNECT_SECONDS, TEMPLATE, Server

KEY = PrivateKey.generate("k256", b"a fan's")
SIGNED = frozenset(case.nsid for case in CASES if case.signed)


class Founded(NamedTuple):
    """A town and the database that it is copied from."""

    database: str
    town: Town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def founded(postgres: Server) -> AsyncGenerator[Founded]:
    name = await postgres.create(TEMPLATE)
    pool = await db.writer_pool(postgres.dsn(name), size=2, connect_timeout=CONNECT_SECONDS)
    stage = Stage(pool)
    town = await found(stage)
    for fan in town.fans[:2]:
        await give_key(pool, fan, KEY)
    await stage.subscribed()
    await pool.execute("ANALYZE")
    await pool.close()
    yield Founded(name, town)
    await postgres.drop(name)


@pytest.fixture
def town(founded: Founded) -> Town:
    """Who is there."""
    return founded.town


@pytest_asyncio.fixture
async def database_url(postgres: Server, founded: Founded) -> AsyncGenerator[str]:
    """A copy of the town's database."""
    name = await postgres.create(founded.database)
    yield postgres.dsn(name)
    await postgres.drop(name)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.load(
        {},
        answer_hold=0,
        database_url=SecretStr(database_url),
        read_pool_size=4,
        statement_timeout=2.0,
        service_url="https://appview.example.com",
        handle_resolver="https://127.0.0.1",  # refused at once: nobody is asked
    )


class Visitor(Client):
    """Asks without an account, but signed in as somebody whatever can't be asked otherwise."""

    def __init__(self, client: Client, person: Person) -> None:
        super().__init__(client.session)
        self._person = person

    async def send(self, nsid: str, headers: Mapping[str, str], **params: Any) -> tuple[int, Any, Mapping[str, str]]:
        if nsid in SIGNED and not headers:
            headers = bearer(token(KEY, claims(self._person, nsid)))
        return await super().send(nsid, headers, **params)


@pytest.fixture
def client(client: Client, town: Town) -> Client:
    return Visitor(client, town.fans[1])
