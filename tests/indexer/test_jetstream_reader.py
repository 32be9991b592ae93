"""The reader of a Jetstream against hosts that break off, fall silent, and send what they should not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zstandard
from aiohttp import web
from aiohttp.test_utils import TestServer

from indexer.frames import Interest
from indexer.gaps import GapLimits
from indexer.inbox import Inbox
from indexer.jetstream import DICTIONARY_PATH, Jetstream
from indexer.jetstream_events import METHOD
from indexer.subscriber import StreamLimits
from runtime.db import Pool
from simulator.jetstream import make_dictionary

from .test_firehose import gaps

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
LARGEST = 100_000
PATIENCE = 5.0
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
Script = Callable[[web.WebSocketResponse], Awaitable[None]]


def identity(number: int, did: str = DID, **fields: Any) -> str:
    """An event seen `number` seconds after NOW."""
    time = (NOW + timedelta(seconds=number)).isoformat()
    body = {"$type": f"{METHOD}#identity", "seq": number, "did": did, "time": time, "identity": {"did": did}}
    return json.dumps({"$type": "message", "payload": body | fields})


def cursor(number: int) -> str:
    return str(int((NOW + timedelta(seconds=number)).timestamp()) * 10**6)


class Host:
    """Runs the next script for each subscription, the last one again and again; remembers what was asked for."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.asked: list[dict[str, str]] = []
        self.dictionary: zstandard.ZstdCompressionDict | None = None
        self.takes_dictionary = True
        self.origin = ""

    async def give_dictionary(self, _: web.Request) -> web.Response:
        if self.dictionary is None:
            return web.Response(status=404)
        return web.Response(body=self.dictionary.as_bytes())

    async def subscribe(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if "zstdDictionary" in request.query and not self.takes_dictionary:
            return web.json_response({"error": "UnknownZstdDictionary"}, status=400)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        socket = web.WebSocketResponse(protocols=("xrpc.v1.json",))
        await socket.prepare(request)
        await script(socket)
        await socket.close()
        return socket


@asynccontextmanager
async def reading(pool: Pool, host: Host, last: datetime | None = None) -> AsyncGenerator[Inbox]:
    """`last`: the time of the last event that is stored."""
    app = web.Application()
    app.router.add_get(f"/xrpc/{METHOD}", host.subscribe)
    app.router.add_get(DICTIONARY_PATH, host.give_dictionary)
    inbox = Inbox(1_000, 10_000_000)
    gaps = GapLimits(timedelta(days=1), timedelta(minutes=5))
    limits = StreamLimits(LARGEST, 0.5, 0.02, 0.05, 5.0, 60.0, gaps)
    async with TestServer(app, host="127.0.0.1") as server:
        host.origin = f"ws://127.0.0.1:{server.port}"
        if last is not None:
            await pool.execute(
                "INSERT INTO source_cursor (source, kind, seq, event_time)"
                " VALUES ($1, 'jetstream', (extract(epoch FROM $2::timestamptz) * 1000000)::bigint, $2)",
                host.origin,
                last,
            )
        interest = Interest(frozenset({"fm.plyr.track"}), {DID})
        indexed = ["fm.plyr.track"]
        jetstream = Jetstream((host.origin,), inbox, interest, indexed, pool, limits, timedelta(minutes=5))
        stop = asyncio.Event()
        running = asyncio.create_task(jetstream.run(stop))
        try:
            yield inbox
        finally:
            stop.set()
            await running


def sends(*messages: str | bytes, then: float = 60.0) -> Script:
    async def script(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
        with suppress(TimeoutError):
            async with asyncio.timeout(then):
                await socket.receive()

    return script


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another task's state has no event
            await asyncio.sleep(0.01)


def numbers(inbox: Inbox) -> list[int]:
    return [arrival.frame.seq for arrival in inbox.peek(len(inbox))[0]]


async def test_a_stream_that_ends_or_falls_silent_goes_on_at_the_time_of_its_last_event(pool: Pool) -> None:
    host = Host(sends(identity(1), identity(2, did="did:plc:stranger"), then=0), sends(identity(3)), sends())
    async with reading(pool, host) as inbox:
        await eventually(lambda: len(host.asked) == 3)
        assert [asked.get("cursor") for asked in host.asked] == [None, cursor(2), cursor(3)]
        assert numbers(inbox) == [1, 3]


async def test_the_cursor_of_a_first_subscription_is_there_before_its_first_event(pool: Pool) -> None:
    async with reading(pool, Host(sends())) as inbox:
        await eventually(lambda: inbox.source is not None and not inbox.source.signed)
        async with asyncio.timeout(30):
            while (began := await pool.fetchval("SELECT seq FROM source_cursor WHERE kind = 'jetstream'")) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert 0 < datetime.now(UTC).timestamp() - began / 1e6 < 120


async def test_what_is_no_event_is_passed_over(pool: Pool) -> None:
    wrong = ("{", b"\xff", identity(1, did=5), identity(1, identity=[]), identity(1, seq=-1), identity(10_000))
    host = Host(sends(*wrong, identity(2)))
    async with reading(pool, host) as inbox:
        await eventually(lambda: len(inbox) == 1)
        assert numbers(inbox) == [2]
        assert len(host.asked) == 1
        assert inbox.position.seq == int(cursor(2))


async def test_a_stream_is_compressed_where_the_host_has_a_dictionary(pool: Pool) -> None:
    dictionary = make_dictionary()
    compress = zstandard.ZstdCompressor(dict_data=dictionary).compress
    bomb = zstandard.ZstdCompressor(dict_data=dictionary).compress(b" " * LARGEST * 1_000)
    host = Host(sends(compress(identity(1).encode()), bomb, b"junk", compress(identity(2).encode())))
    host.dictionary = dictionary
    async with reading(pool, host) as inbox:
        await eventually(lambda: len(inbox) == 2)
        assert host.asked[0]["zstdDictionary"] == str(dictionary.dict_id())
        assert await gaps(pool) == ["frame_too_large"]


async def test_a_host_that_refuses_its_dictionary_is_read_without(pool: Pool) -> None:
    host = Host(sends(identity(1)))
    host.dictionary, host.takes_dictionary = make_dictionary(), False
    async with reading(pool, host) as inbox:
        await eventually(lambda: len(inbox) == 1)
        assert ["zstdDictionary" in asked for asked in host.asked] == [True, False]


async def test_a_message_that_is_too_large_is_left_out_of_the_next_subscription(pool: Pool) -> None:
    large = identity(2, more="x" * LARGEST)
    host = Host(sends(identity(1), large), sends(identity(3)), sends())
    async with reading(pool, host) as inbox:
        await eventually(lambda: len(host.asked) == 3)
        assert numbers(inbox) == [1, 3]
        assert [asked.get("maxMessageSizeBytes") for asked in host.asked] == [None, str(LARGEST), None]
        assert await pool.fetchval("SELECT reason FROM stream_gap") == "frame_too_large"


async def test_what_the_host_says_of_the_cursor_is_a_gap_and_of_our_slowness_an_end(pool: Pool) -> None:
    info = {"$type": "message", "payload": {"$type": f"{METHOD}#info", "name": "OutdatedCursor"}}
    host = Host(sends(json.dumps(info), identity(1), '{"$type": "error", "error": "ConsumerTooSlow"}'), sends())
    async with reading(pool, host):
        await eventually(lambda: len(host.asked) == 2)
        assert await pool.fetchval("SELECT reason FROM stream_gap") == "outdated_cursor"


HOUR = 3_600


@pytest.mark.parametrize(
    ("last", "first", "found"),
    [
        (-2 * HOUR, 0, ["time_jump"]),
        (-2 * HOUR, -2 * HOUR, []),
        (-60, 0, []),
        (0, -2 * HOUR, ["time_backwards"]),
        (-30 * HOUR, -30 * HOUR, ["downtime"]),
    ],
)
async def test_a_jetstream_that_lets_something_out_without_a_word_is_found_out(
    pool: Pool, last: int, first: int, found: list[str]
) -> None:
    host = Host(sends(identity(first), identity(1)))
    async with reading(pool, host, NOW + timedelta(seconds=last)) as inbox:
        await eventually(lambda: inbox.position.seq == int(cursor(1)))
        assert host.asked[0]["cursor"] == cursor(last)
        assert await gaps(pool) == found


async def test_a_reconnect_is_judged_as_a_start_is(pool: Pool) -> None:
    host = Host(sends(identity(-2 * HOUR), then=0), sends(identity(1)))
    async with reading(pool, host) as inbox:
        await eventually(lambda: inbox.position.seq == int(cursor(1)))
        assert await gaps(pool) == ["time_jump"]
