"""Relays that say nothing, or nothing that can be read: they are left, and taking turns among them is no new gap."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import cycle

from aiohttp import web

from runtime.db import Pool

from .relays import error, hold, identity, sends, serving
from .repos import frame
from .test_firehose import FOR_EVER, reading, seqs, until


async def test_a_relay_that_sends_only_what_cannot_be_read_is_silent(pool: Pool) -> None:
    """Whatever the garbage: bytes, an unknown kind, a frame of ours with a field that is wrong, notes, text."""
    garbage = [
        b"\xff",
        frame("#novelty", {"seq": 3}),
        identity(4, did=5),
        frame("#identity", {"seq": 5, "did": "did:plc:tracked", "time": 5})[:-3],
        frame("#info", {"name": "Hello"}),
        frame("#commit", {"seq": 6, "repo": "did:plc:tracked", "ops": 1}),
    ]

    async def babble(socket: web.WebSocketResponse, _cursor: int | None) -> None:
        with contextlib.suppress(ConnectionError):
            for item in cycle(garbage):
                await socket.send_bytes(item)
                await socket.send_str("frames are binary")
                await asyncio.sleep(0.01)

    async with (
        serving(babble) as first,
        serving(sends(identity(3), then=FOR_EVER)) as second,
        reading(pool, first, second, silence=0.2, rest=0.3) as inbox,
    ):
        await until(lambda: seqs(inbox) == [3])
        assert inbox.source is not None
        assert inbox.source.origin == second.origin
        await until(lambda: len(first.cursors) > 2)
        assert inbox.source.origin == second.origin, "nor is it preferred again while it babbles"


async def test_what_can_be_read_among_garbage_keeps_a_relay(pool: Pool) -> None:
    async def mixed(socket: web.WebSocketResponse, _cursor: int | None) -> None:
        for seq in range(1, 100):
            await socket.send_bytes(b"\xff")
            await socket.send_bytes(identity(seq, "did:plc:other"))
            await asyncio.sleep(0.02)

    async with serving(mixed) as relay, reading(pool, relay, silence=0.2) as inbox:
        await until(lambda: inbox.position.seq > 25)
        assert len(relay.cursors) == 1


async def test_while_all_relays_are_silent_the_comparison_is_not_begun_anew(pool: Pool) -> None:
    """It is noted once that another one is read, and again only when one of them speaks."""
    speaks = asyncio.Event()

    async def late(socket: web.WebSocketResponse, _cursor: int | None) -> None:
        await speaks.wait()
        await socket.send_bytes(identity(9))
        await asyncio.sleep(FOR_EVER)

    noted_at = "SELECT max(noted_at) FROM stream_gap WHERE reason = 'another_relay'"
    async with (
        serving(sends(identity(1, "did:plc:other")), late) as first,
        serving(hold) as second,
        reading(pool, first, second, silence=0.1, rest=0.05) as inbox,
    ):
        await until(lambda: len(second.cursors) == 1)
        await until(lambda: len(first.cursors) > 2)
        begun = await pool.fetchval(noted_at)
        assert begun is not None
        asked = len(first.cursors), len(second.cursors)
        await until(lambda: len(first.cursors) > asked[0] + 1 and len(second.cursors) > asked[1] + 1)
        assert await pool.fetchval(noted_at) == begun
        speaks.set()
        await until(lambda: seqs(inbox) == [9])
        assert await pool.fetchval(noted_at) > begun


async def test_a_relay_that_refuses_every_cursor_is_one_gap_until_it_speaks(pool: Pool) -> None:
    """Else the comparison that heals it would begin anew with each attempt, and never end."""
    speaks = asyncio.Event()

    async def refuses(socket: web.WebSocketResponse, _cursor: int | None) -> None:
        await socket.send_bytes(identity(9) if speaks.is_set() else error("FutureCursor"))
        await asyncio.sleep(FOR_EVER if speaks.is_set() else 0)

    noted_at = "SELECT noted_at FROM stream_gap WHERE reason = 'future_cursor' AND healed_at IS NULL"
    async with serving(refuses) as relay:
        await pool.execute("INSERT INTO source_cursor (source, seq) VALUES ($1, 5000)", relay.origin)
        async with reading(pool, relay) as inbox:
            await until(lambda: len(relay.cursors) > 2)
            begun = await pool.fetchval(noted_at)
            asked = len(relay.cursors)
            await until(lambda: len(relay.cursors) > asked + 2)
            assert await pool.fetchval(noted_at) == begun
            await pool.execute("UPDATE stream_gap SET healed_at = now()")
            await until(lambda: len(relay.cursors) > asked + 5)
            begun = await pool.fetchval(noted_at)
            assert begun is not None, "what may be missed is not forgotten when the gap was healed meanwhile"
            speaks.set()
            await until(lambda: seqs(inbox) == [9])
            assert await pool.fetchval(noted_at) > begun
