"""Charts of played music: whatever happens in whatever order, they are what a plain recount says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import aggregates, projections, rolling
from indexer.aggregates import played
from indexer.projections import BY_COLLECTION
from indexer.rolling import Rolling
from runtime.db import Pool
from tests.indexer.network import eventually
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

from .recount import canonical_plays
from .recount_played import charts, edges, stored_charts
from .test_history import emptied, follow

TODAY = datetime(2026, 2, 20, tzinfo=UTC)
ONE, TWO = "0d4e4dd4-6a3b-4a7c-9d43-5c3b9bd3a4b1", "bb3d9d5e-3f2c-4b1c-8d7b-111111111111"
ARTISTS = [{"artistName": "Massive Attack"}, {"artistName": "massive attack"}, {"artistName": "Mad Professor"}]
KNOWN = [{"artistName": "Massive Attack", "artistMbId": ONE}, {"artistName": "3D", "artistMbId": ONE}]
NAMELESS = [{"artistName": "Massive Attack", "artistMbId": ONE}, {"artistName": "Massive Attack", "artistMbId": TWO}]

plays = st.builds(
    records.play,
    trackName=st.sampled_from(["Angel", "angel", "Teardrop"]),
    artists=st.sampled_from([*(ARTISTS[:n] for n in range(4)), ARTISTS[1:2], ARTISTS[2:], KNOWN, NAMELESS]),
    releaseName=st.sampled_from([None, "Mezzanine", "mezzanine"]),
    releaseMbId=st.sampled_from([None, None, TWO]),
    recordingMbId=st.sampled_from([None, None, ONE]),
    playedTime=st.sampled_from(
        [
            (TODAY - timedelta(days=days, minutes=1)).isoformat()
            for days in (0, 1, 2, 3, 6, 7, 14, 29, 60, 89, 179, 364, 400)
        ]
        + [(TODAY + timedelta(hours=hours)).isoformat() for hours in (0, 1, 30)]
    ),
)
keys = st.tuples(
    st.sampled_from((1, 2, 17)),
    st.sampled_from((records.PLAY, records.PLAY, records.ALPHA_PLAY)),
    st.sampled_from([f"3kaaaaaaaaa2{letter}" for letter in "abcdef"]),
)
batches = st.dictionaries(keys, st.none() | plays | plays, min_size=1, max_size=8).map(
    lambda found: ("write", (0, found))
)
fates = st.tuples(st.sampled_from(["hide", "show", "purge"]), st.sampled_from((1, 2, 17)))
days = st.tuples(st.just("roll"), st.integers(0, 9))
histories = st.lists(batches | batches | fates | days, min_size=1, max_size=14)


async def begin(pool: Pool, today: datetime = TODAY) -> Book:
    book = await emptied(pool)
    await pool.execute("UPDATE chart_window SET since = $1::timestamptz - days * interval '1 day'", today)
    return book


async def recounted(pool: Pool, book: Book) -> dict[str, Any]:
    seen = [each for each in book.records.values() if each.key.account_id not in book.hidden]
    counting = canonical_plays(seen)
    found = [BY_COLLECTION[each.key.collection].parse(each) for each in seen if each.invalid is None]
    return charts(
        [each for each in found if each is not None and (each.account_id, each.rkey, each.alpha) in counting],
        await edges(pool),
    )


async def roll(pool: Pool, now: datetime) -> int:
    return await Rolling(pool, lambda: now).catch_up(asyncio.Event())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
async def test_after_every_step_charts_equal_a_recount_and_at_last_a_rebuild(
    pool: Pool, history: list[tuple[str, Any]]
) -> None:
    book = await begin(pool)
    now = TODAY
    for step in history:
        if step[0] == "roll":
            now += timedelta(days=step[1])
            await roll(pool, now)
        else:
            await follow(book, step)
        assert await stored_charts(pool) == await recounted(pool, book)
    before = await stored_charts(pool)
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert await stored_charts(pool) == before


@pytest.mark.parametrize("late", [1, 9])
async def test_a_window_may_stop_anywhere_while_it_moves(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    monkeypatch.setattr(played, "PAGE", 2)
    book = await begin(pool)
    passed = [
        (TODAY - timedelta(days=days) + part * timedelta(days=late) / 3).isoformat()
        for part in (0, 1, 2)
        for days in aggregates.windows.DAYS
    ]
    hours = [records.play(playedTime=moment) for moment in passed]
    await book.write([row(records.PLAY, each, rkey=f"{number}") for number, each in enumerate(hours)])
    steps = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            if not await aggregates.windows.step(connection, aggregates.CHARTS, TODAY + timedelta(days=late), 1.0):
                break
        steps += 1
        # What is put goes again with the next that is.
        await book.put(records.PLAY, records.play(playedTime=passed[-steps % len(passed)], trackName=f"{steps}"))
        assert await stored_charts(pool) == await recounted(pool, book)
    assert steps > 9
    assert await edges(pool) == {days: TODAY + timedelta(days=late - days) for days in aggregates.windows.DAYS}


async def test_an_account_of_many_plays_goes_and_comes_in_parts(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(played, "PAGE", 3)
    monkeypatch.setattr(played, "PAIRS", 10)
    book = await begin(pool)
    rows = [
        row(
            records.PLAY,
            records.play(trackName=f"{number % 7}", playedTime=(TODAY - timedelta(days=number)).isoformat()),
            rkey=f"{number}",
            account_id=account_id,
        )
        for number in range(20)
        for account_id in (1, 2)
    ]
    await book.write(rows)
    for step in (book.hide, book.show, book.purge):
        await step(1)
        assert await stored_charts(pool) == await recounted(pool, book)
    await book.purge(2)
    assert not any((await stored_charts(pool)).values())


async def test_many_who_play_the_same_at_once_are_all_counted(pool: Pool) -> None:
    book = await Book.open(pool, accounts=6)
    names = [f"Song {number}" for number in range(12)]

    async def listen(account_id: int) -> None:
        for turn in range(4):
            order = names if (account_id + turn) % 2 else names[::-1]
            rows = [
                row(
                    records.PLAY,
                    records.play(trackName=name, releaseName=name[:6]),
                    rkey=f"{turn}-{name[5:]}",
                    account_id=account_id,
                )
                for name in order
            ]
            await book.write(rows)
            if turn == 2:
                await book.write(drops=[each.key for each in rows[::2]])

    async with asyncio.timeout(60):
        await asyncio.gather(*map(listen, range(1, 7)))
    assert await stored_charts(pool) == await recounted(pool, book)


async def words(pool: Pool) -> dict[str, int]:
    return dict(map(tuple, await pool.fetch("SELECT word, documents FROM played_word")))


async def test_words_are_counted_by_item_whatever_it_is_called_and_however_often_it_is_played(pool: Pool) -> None:
    book = await begin(pool)
    angel = records.play(trackName="Angel", artists=ARTISTS[:1], recordingMbId=ONE)
    renamed = angel | {"trackName": "Angel (Live)"}
    await book.put(records.PLAY, angel, rkey="1")
    once = {"angel": 1, "massive": 2, "attack": 2}
    assert await words(pool) == once
    await book.put(records.PLAY, angel, account_id=2, rkey="1")
    assert await words(pool) == once
    for account_id in (1, 2):
        await book.put(records.PLAY, renamed, account_id=account_id, rkey="1")
    assert await words(pool) == once | {"live": 1}
    await book.write(drops=[(1, records.PLAY, "1"), (2, records.PLAY, "1")])
    assert await words(pool) == {}


async def test_what_was_there_before_it_had_words_may_be_renamed_and_may_go(pool: Pool) -> None:
    book = await begin(pool)
    old, kept = (
        records.play(trackName=name, recordingMbId=mbid) for name, mbid in (("Angel", ONE), ("Risingson", TWO))
    )
    await book.put(records.PLAY, old, rkey="1")
    await book.put(records.PLAY, kept, rkey="2")
    await pool.execute("UPDATE played SET squeezed = NULL, words = NULL")
    await pool.execute("TRUNCATE played_word")
    await book.put(records.PLAY, old | {"trackName": "Teardrop"}, rkey="1")
    assert {**await words(pool), "teardrop": 1} == await words(pool)
    await book.write(drops=[(1, records.PLAY, "1"), (1, records.PLAY, "2")])
    assert await words(pool) == {}


async def test_who_moves_edges_does_not_keep_writers_waiting_behind_a_long_transaction(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling, "LOOK", 0.01)
    book = await begin(pool)
    stop, moved = asyncio.Event(), {days: TODAY + timedelta(days=1 - days) for days in aggregates.windows.DAYS}

    async def waiting() -> bool:
        return await pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")

    async def done() -> bool:
        return await edges(pool) == moved

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        async with pool.acquire() as long, long.transaction():
            await aggregates.windows.hold(long)
            tasks.create_task(Rolling(pool, lambda: TODAY + timedelta(days=1)).run(stop))
            await eventually(waiting, "the edges to wait")
            await book.put(records.PLAY, records.play(playedTime=TODAY.isoformat()))
            assert not await done()
        await eventually(done, "the edges to move")
        stop.set()
    assert await stored_charts(pool) == await recounted(pool, book)
