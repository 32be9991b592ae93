"""A database of a former version: charts come with its next reindex, and what its charts lack comes at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from indexer import projections
from indexer.aggregates import played
from indexer.rolling import Rolling
from migrations import migrations
from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

from .recount_played import stored_charts
from .test_history import emptied, follow
from .test_played import TODAY, begin, recounted

MBID = "0d4e4dd4-6a3b-4a7c-9d43-5c3b9bd3a4b1"
KEYS = [f"3kaaaaaaaaa2{letter}" for letter in "abc"]
BEGIN, ON_RELEASES, BY_KEY, BY_HASH = (
    next(each.text for each in migrations() if each.name.endswith(name))
    for name in ("_charts_begin", "_played_on", "_names_by_key", "_names_by_hash")
)


def heard(hours: int, **fields: Any) -> dict[str, Any]:
    return records.play(playedTime=(TODAY - timedelta(days=1, hours=hours)).isoformat(), **fields)


async def filled(pool: Pool) -> Book:
    book = await begin(pool)
    await book.write([row(records.PLAY, heard(hours), rkey=key) for hours, key in enumerate(KEYS)])
    return book


@pytest.mark.parametrize(
    "step",
    [
        ("write", (0, {(1, records.PLAY, KEYS[2]): None})),
        ("write", (0, {(1, records.PLAY, key): None for key in KEYS})),
        ("write", (0, {(1, records.PLAY, KEYS[0]): heard(5, trackName="another")})),
        ("hide", 1),
        ("purge", 1),
        ("roll", 3),
    ],
    ids=str,
)
async def test_what_was_there_before_the_charts_may_go(pool: Pool, step: tuple[str, Any]) -> None:
    book = await filled(pool)
    await pool.execute(f"TRUNCATE {', '.join(played.FOLLOWER.tables[1:])}")
    await pool.execute(BEGIN)
    if step[0] == "roll":
        await Rolling(pool, lambda: TODAY + timedelta(days=step[1])).catch_up(asyncio.Event())
    else:
        await follow(book, step)
    await book.put(records.PLAY, heard(7), rkey="3kaaaaaaaaa2z")
    for table in played.FOLLOWER.tables:
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_charts_that_were_counted_from_the_beginning_stay(pool: Pool) -> None:
    book = await filled(pool)
    await book.put(records.PLAY, heard(1), account_id=2)
    await book.hide(2)
    before = await stored_charts(pool)
    await pool.execute(BEGIN)
    assert await pool.fetchval("SELECT count(*) FROM chart_window") == len(played.windows.DAYS)
    assert await stored_charts(pool) == before
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_an_empty_database_counts_from_the_beginning(pool: Pool) -> None:
    await emptied(pool)
    await pool.execute(BEGIN)
    assert await pool.fetchval("SELECT count(*) FROM chart_window") == len(played.windows.DAYS)


async def test_what_was_played_on_releases_before_that_was_counted_is_counted(pool: Pool) -> None:
    book = await filled(pool)
    for account_id in (2, 3):
        await book.put(records.PLAY, heard(account_id, releaseName="Mezzanine"), account_id=account_id)
        await book.put(records.ALPHA_PLAY, heard(account_id, releaseName="Mezzanine"), account_id=account_id)
        await book.put(records.PLAY, heard(9, releaseName="Protection"), account_id=account_id, rkey=KEYS[0])
    await book.hide(3)
    await pool.execute("DROP VIEW visible_played_on, visible_track_name")
    await pool.execute("DROP TABLE played_on")
    await pool.execute(ON_RELEASES)
    assert (await stored_charts(pool))["together"]
    assert await stored_charts(pool) == await recounted(pool, book)
    await book.put(records.PLAY, heard(4, releaseName="Mezzanine"))
    await book.show(3)
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_names_that_were_there_before_they_had_keys_are_given_them(pool: Pool) -> None:
    book = await filled(pool)
    nameless = {"releaseMbId": MBID, "recordingMbId": MBID}
    credited: list[Any] = [[], [{"artistName": "Tåke"}], [{"artistName": 'a "b"', "artistMbId": MBID}] * 2]
    for number, artists in enumerate(credited):
        for turn in range(1 + number):
            value = heard(20 + 3 * number + turn, artists=artists, trackName=f"{number}\n\\", **nameless)
            await book.put(records.PLAY, value, account_id=2, rkey=f"{number}-{turn}")
    await pool.execute("ALTER TABLE played_name DROP COLUMN key")
    await pool.execute("ALTER TABLE played_by DROP COLUMN names")
    await pool.execute("CREATE INDEX played_name_item ON played_name (item)")
    await pool.execute(BY_KEY)
    assert len((await stored_charts(pool))["names"]) == 2
    assert await stored_charts(pool) == await recounted(pool, book)
    await book.write(drops=[(2, records.PLAY, f"2-{turn}") for turn in range(3)])
    await book.put(records.PLAY, heard(9, trackName="another", **nameless))
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_names_that_were_there_before_they_were_hashed_are_found(pool: Pool) -> None:
    book = await begin(pool)
    names = ["Teardrop", "\u3000BLACK  milk", "Straße", "Χριστος", "Ångström", "Björk", "ｗｉｄｅ"]
    for number, name in enumerate(names):
        await book.put(records.PLAY, heard(number, trackName=name), rkey=str(number))
    hashes = "SELECT key, name_hash FROM played ORDER BY key"
    before = await pool.fetch(hashes)
    await pool.execute("ALTER TABLE played DROP COLUMN name_hash CASCADE")
    await pool.execute("CREATE VIEW visible_played_name AS SELECT FROM played")
    await pool.execute("CREATE INDEX played_by_name ON played (kind)")
    await pool.execute(BY_HASH)
    assert await pool.fetch(hashes) == before
