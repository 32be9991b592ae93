"""Likes and plays of tracks in recent windows: whatever happens in whatever order, they are what a recount says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import aggregates, projections
from indexer.aggregates import recent as kept
from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

from .recount import expected, track_uri
from .recount_recent import recent, stored_recent
from .test_history import ACCOUNTS, RKEYS, SUBJECTS, follow
from .test_played import TODAY, begin, roll

MOMENTS = [(TODAY - timedelta(days=days, minutes=1)).isoformat() for days in (0, 1, 2, 6, 14, 29, 60, 364, 400)]
MOMENTS.append((TODAY + timedelta(hours=30)).isoformat())
VALUES = {
    records.TRACK: st.builds(records.track, title=st.sampled_from(["Angel", "Teardrop"])),
    records.LIKE: st.builds(records.like, st.sampled_from(SUBJECTS), createdAt=st.sampled_from(MOMENTS)),
    records.COMMENT: st.builds(records.comment, st.sampled_from(SUBJECTS), createdAt=st.sampled_from(MOMENTS)),
    records.PLAY: st.builds(
        records.play,
        playedTime=st.sampled_from(MOMENTS),
        originUri=st.sampled_from([None, *SUBJECTS]),
        musicServiceUri=st.just("https://plyr.fm"),
    ),
}


@st.composite
def changes(draw: st.DrawFn) -> tuple[Any, Any]:
    collection = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.none() | VALUES[collection] | VALUES[collection])
    return (draw(st.sampled_from(ACCOUNTS)), collection, draw(st.sampled_from(RKEYS))), value


batches = st.lists(changes(), min_size=1, max_size=12).map(lambda found: ("write", (0, dict(found))))
fates = st.tuples(st.sampled_from(["hide", "show", "purge"]), st.sampled_from(ACCOUNTS))
days = st.tuples(st.just("roll"), st.integers(0, 9))
histories = st.lists(batches | batches | fates | days, min_size=1, max_size=12)


async def recounted(pool: Pool, book: Book) -> dict[str, dict[str, int]]:
    wanted = expected(book)
    tracks = {subject for subject, (_, _, owner) in wanted["subjects"].items() if owner}
    return await recent(pool, wanted["days"], tracks)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
async def test_after_every_step_windows_equal_a_recount_and_at_last_a_rebuild(
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
        assert await stored_recent(pool) == await recounted(pool, book)
    before = await stored_recent(pool)
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert await stored_recent(pool) == before


@pytest.mark.parametrize("late", [1, 9])
async def test_an_edge_passes_a_few_tracks_at_a_time_and_others_write_meanwhile(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    monkeypatch.setattr(kept, "PAGE", 2)
    book = await begin(pool)
    yesterday = (TODAY - timedelta(days=1, hours=-1)).isoformat()
    subjects = [track_uri(2, f"3kaaaaaaaaa2{letter}") for letter in "abcdefghij"]
    await book.write(
        [row(records.TRACK, records.track(title=each), account_id=2, rkey=each[-13:]) for each in subjects]
    )
    likes = [records.like(each, createdAt=yesterday) for each in subjects]
    await book.write([row(records.LIKE, each, rkey=f"{number}") for number, each in enumerate(likes)])
    steps = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            if not await aggregates.windows.step(connection, aggregates.CHARTS, TODAY + timedelta(days=late), 1.0):
                break
        steps += 1
        subject = subjects[steps % 10]
        await book.put(records.PLAY, records.play(playedTime=yesterday, originUri=subject), rkey=f"{steps}")
        assert await stored_recent(pool) == await recounted(pool, book)
    assert steps > len(aggregates.windows.DAYS) + 3
    assert {figures["likes_1"] for figures in (await stored_recent(pool)).values()} == {0}


async def test_what_no_window_holds_any_more_has_no_row(pool: Pool) -> None:
    book = await begin(pool)
    await book.put(records.LIKE, records.like(SUBJECTS[0], createdAt=MOMENTS[0]))
    await book.put(records.LIKE, records.like(SUBJECTS[1], createdAt=MOMENTS[-2]), account_id=2)
    assert (await stored_recent(pool)).keys() == {SUBJECTS[0]}
    await roll(pool, TODAY + timedelta(days=900))
    assert await stored_recent(pool) == {}


async def test_charts_read_what_is_a_track_alone_whatever_comes_first(pool: Pool) -> None:
    book = await begin(pool)
    there = "SELECT uri FROM visible_recent_track"
    for number, subject in enumerate(SUBJECTS):
        await book.put(records.LIKE, records.like(subject, createdAt=MOMENTS[0]), account_id=17, rkey=f"{number}")
    assert await pool.fetch(there) == []
    await book.put(records.TRACK, records.track(), rkey=RKEYS[0])
    shown = await pool.fetchval(there)
    assert shown == track_uri(1, RKEYS[0])
    await book.hide(1)
    assert await pool.fetch(there) == []
    await book.show(1)
    assert await pool.fetchval(there) == shown
    await book.write(drops=[(1, records.TRACK, RKEYS[0])])
    assert await pool.fetch(there) == []


async def test_who_likes_plays_publishes_and_moves_edges_at_once_does_so_one_after_the_other(pool: Pool) -> None:
    book = await begin(pool)
    today = [TODAY]

    async def act(account_id: int) -> None:
        for turn in range(6):
            order = SUBJECTS if (account_id + turn) % 2 else SUBJECTS[::-1]
            for number, subject in enumerate(order):
                at = MOMENTS[(turn + number) % len(MOMENTS)]
                rkey = f"{turn}-{number}"
                values = {
                    records.LIKE: records.like(subject, createdAt=at),
                    records.PLAY: records.play(playedTime=at, originUri=subject),
                    records.TRACK: records.track(title=f"{number}"),
                }
                keys = {records.TRACK: subject[-13:]}
                await book.write(
                    [
                        row(collection, value, account_id=account_id, rkey=keys.get(collection, rkey))
                        for collection, value in values.items()
                    ]
                )

    async def turn_days() -> None:
        for _ in range(8):
            today[0] += timedelta(days=1)
            await roll(pool, today[0])

    async with asyncio.timeout(60):
        await asyncio.gather(*map(act, ACCOUNTS), turn_days())
    assert await stored_recent(pool) == await recounted(pool, book)
