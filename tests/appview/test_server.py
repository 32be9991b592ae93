"""The process: health, its did document, a database that is away or slow, and a clean end."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY
from pydantic import SecretStr

import migrations
from appview import server
from appview.queries import stats
from runtime import db
from runtime.listening import AddressUnusable
from runtime.postgres import EmbeddedPostgres
from runtime.settings import Settings
from tests.appview.stage import Client, Stage, tid

LATEST = "fm.plyr.feed.getLatestTracks"
# Readers that wait for a lock.
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'plyr-appview reader' AND wait_event_type = 'Lock'
"""
# Readers that count.
WORKING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'plyr-appview reader' AND state = 'active'
"""
HEAVY = "SELECT '{}' AS item FROM (SELECT count(*) FROM generate_series(1, 300000)) counted"


async def test_it_is_healthy_once_the_indexer_has_subscribed(stage: Stage, client: Client) -> None:
    async with client.session.get("/xrpc/_health") as response:
        assert response.status == 503
        answer = await response.json()
        assert answer.keys() == {"version", "error", "message"}
    await stage.subscribed()
    async with client.session.get("/xrpc/_health") as response:
        assert response.status == 200
        assert await response.json() == {"version": answer["version"]}


async def test_the_did_document_names_the_service(client: Client, settings: Settings) -> None:
    async with client.session.get("/.well-known/did.json") as response:
        assert await response.json() == {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": "did:web:localhost%3A3000",
            "service": [
                {"id": "#plyr_appview", "type": "PlyrAppView", "serviceEndpoint": "http://localhost:3000"},
            ],
        }


async def test_a_slow_statement_is_a_503_and_the_pool_goes_on(
    stage: Stage, client: Client, pool: db.Pool, settings: Settings
) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE plyr_track IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        answers = await asyncio.gather(*(client.ask(LATEST) for _ in range(3 * settings.read_pool_size)))
        assert time.monotonic() - started < 6 * settings.statement_timeout
        await transaction.rollback()
    assert {(status, answer["error"]) for status, answer in answers} == {(503, "ServiceUnavailable")}
    assert await client.get(LATEST) == {"tracks": []}


async def test_readers_that_all_wait_do_not_hold_up_what_is_written(
    stage: Stage, client: Client, pool: db.Pool, settings: Settings
) -> None:
    person = await stage.person("somebody.example.com")
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE source_cursor IN ACCESS EXCLUSIVE MODE")  # only getStats reads it here
        crowd = [asyncio.create_task(client.ask("fm.plyr.stats.getStats")) for _ in range(10 * settings.read_pool_size)]
        async with asyncio.timeout(10):
            while await pool.fetchval(WAITING) < settings.read_pool_size:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.01)
            uri, _ = await stage.track(person)
        assert not any(task.done() and task.result()[0] == 200 for task in crowd)
        await transaction.rollback()
    assert {status for status, _ in await asyncio.gather(*crowd)} <= {200, 503}
    assert [track["uri"] for track in (await client.get(LATEST))["tracks"]] == [uri]


async def test_readers_that_are_all_at_work_do_not_hold_up_what_is_written(
    stage: Stage, client: Client, pool: db.Pool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "SQL", {"totals": HEAVY})

    async def ask_on() -> None:
        while True:
            await client.ask("fm.plyr.stats.getStats")

    person = await stage.person("somebody.example.com")
    crowd = [asyncio.create_task(ask_on()) for _ in range(3 * settings.read_pool_size)]
    async with asyncio.timeout(60):
        for number in range(20):
            while await pool.fetchval(WORKING) < settings.read_pool_size:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.01)
            uri, _ = await stage.track(person, tid(number), at=number)
            status, answer = await client.ask("fm.plyr.feed.getTrack", uri=uri)
            assert status == 503 or answer["track"]["uri"] == uri
    assert not any(task.done() for task in crowd)
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)
    uris = [person.uri(tid(number)) for number in reversed(range(20))]
    assert [track["uri"] for track in (await client.get(LATEST))["tracks"]] == uris


async def test_too_many_requests_at_once_are_told_to_come_again(
    pool: db.Pool, settings: Settings, unused_tcp_port: int
) -> None:
    few = settings.model_copy(update={"requests_max": 2, "listen": f"127.0.0.1:{unused_tcp_port}"})
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run(few, stop))
    async with ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session, pool.acquire() as connection:
        await _answers(session)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE plyr_track IN ACCESS EXCLUSIVE MODE")
        slow = [asyncio.create_task(session.get(f"/xrpc/{LATEST}")) for _ in range(2)]
        await asyncio.sleep(0.2)
        async with session.get(f"/xrpc/{LATEST}") as response:
            assert response.status == 503
            assert response.headers["Retry-After"] == "1"
        await transaction.rollback()
        assert [response.status for response in await asyncio.gather(*slow)] == [200, 200]
    stop.set()
    await serving


async def _answers(session: ClientSession) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            async with session.get("/.well-known/did.json"):
                return
        except OSError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


async def test_it_stops_cleanly_when_told(settings: Settings, unused_tcp_port: int) -> None:
    stop = asyncio.Event()
    here = settings.model_copy(update={"listen": f"127.0.0.1:{unused_tcp_port}"})
    serving = asyncio.create_task(server.run(here, stop))
    async with ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
        await _answers(session)
        stop.set()
        started = time.monotonic()
        await serving
        assert time.monotonic() - started < here.shutdown_grace / 2
        with pytest.raises(OSError, match="onnect"):
            await session.get("/.well-known/did.json")


async def test_several_servers_share_one_address(settings: Settings, unused_tcp_port: int) -> None:
    stop = asyncio.Event()
    shared = settings.model_copy(update={"listen": f"127.0.0.1:{unused_tcp_port}", "workers": 2})
    serving = [asyncio.create_task(server.run(shared, stop)) for _ in range(2)]
    async with ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
        await _answers(session)
    stop.set()
    await asyncio.gather(*serving)


async def test_an_address_in_use_is_an_error(settings: Settings, unused_tcp_port: int) -> None:
    stop = asyncio.Event()
    here = settings.model_copy(update={"listen": f"127.0.0.1:{unused_tcp_port}"})
    serving = asyncio.create_task(server.run(here, stop))
    async with ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
        await _answers(session)
        with pytest.raises(AddressUnusable, match="in use"):
            await server.run(here, stop)
    stop.set()
    await serving


async def test_without_the_database_answers_are_503_until_it_is_back(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, unused_tcp_port: int
) -> None:
    embedded = EmbeddedPostgres.own(tmp_path_factory.mktemp("away"))
    await embedded.start()
    connection = await asyncpg.connect(embedded.dsn)
    await migrations.apply(connection)
    await connection.close()
    stop = asyncio.Event()
    here = settings.model_copy(
        update={"database_url": SecretStr(embedded.dsn), "listen": f"127.0.0.1:{unused_tcp_port}"}
    )
    serving = asyncio.create_task(server.run(here, stop))
    try:
        async with ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
            await _answers(session)
            client = Client(session)
            assert await client.get(LATEST) == {"tracks": []}
            await embedded.stop()
            for _ in range(3 * settings.read_pool_size):
                status, answer = await client.ask(LATEST)
                assert (status, answer["error"]) == (503, "ServiceUnavailable")
            for path in ("/xrpc/_health", "/"):
                async with session.get(path) as response:
                    assert response.status == 503
            await embedded.start()
            assert await client.get(LATEST) == {"tracks": []}
    finally:
        stop.set()
        await serving
        await embedded.stop()


async def test_requests_are_counted_by_method_and_status(client: Client) -> None:
    def count(method: str, status: str) -> float:
        labels = {"method": method, "status": status}
        return REGISTRY.get_sample_value("plyr_appview_requests_total", labels) or 0.0

    before = count(LATEST, "200"), count(LATEST, "400"), count("unknown", "501")
    await client.get(LATEST)
    await client.refused(LATEST, limit=0)
    await client.ask("fm.made.up")
    assert (count(LATEST, "200"), count(LATEST, "400"), count("unknown", "501")) == tuple(each + 1 for each in before)
    seconds = REGISTRY.get_sample_value("plyr_appview_request_seconds_count", {"method": LATEST})
    assert seconds is not None
    assert seconds >= 2
