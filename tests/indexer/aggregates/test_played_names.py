"""What items are called: by most plays, at a cost that does not grow with how many names an item has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from indexer.aggregates import played
from indexer.aggregates.following import Touched
from indexer.aggregates.heard import Heard, Pile
from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, Key, row

from .recount_played import stored_charts
from .test_played import ARTISTS, KNOWN, ONE, TWO, begin, recounted

NAMES = [f"Angel {number}" for number in range(12)]
MANY = 20_000
FEW = 20
READ = """
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))
FROM pg_stat_xact_user_tables
WHERE relname IN ('played_name', 'played_by')
"""


def named(name: str, **fields: Any) -> dict[str, Any]:
    return records.play(trackName=name, recordingMbId=ONE, artists=ARTISTS[:1], **fields)


async def play(book: Book, number: int, value: dict[str, Any]) -> Key:
    moment = datetime(2026, 2, 1, minute=number % 60, hour=number // 60, tzinfo=UTC)
    return (await book.put(records.PLAY, value | {"playedTime": moment.isoformat()}, rkey=f"{number}")).key


async def called(pool: Pool, kind: str = "recording") -> str:
    return await pool.fetchval("SELECT name FROM played WHERE kind = $1::text::played_kind", kind)


@pytest.mark.parametrize("order", [1, -1])
async def test_of_names_that_as_many_plays_give_one_comes_first_whichever_came_first(pool: Pool, order: int) -> None:
    book = await begin(pool)
    for number, name in enumerate(NAMES[::order]):
        await play(book, number, named(name))
        assert await stored_charts(pool) == await recounted(pool, book)
    one_by_one = await called(pool)
    await book.purge(1)
    await book.write(
        row(records.PLAY, named(name, playedTime=f"2026-02-01T10:{number:02}:00Z"), rkey=f"{number}")
        for number, name in enumerate(NAMES)
    )
    assert await called(pool) == one_by_one != min(NAMES)
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_when_the_plays_of_a_name_go_the_next_one_takes_its_place(pool: Pool) -> None:
    book = await begin(pool)
    names = ["Angel"] * 7 + ["angel"] * 5 + ["Teardrop"] * 2
    keys = [await play(book, number, named(name)) for number, name in enumerate(names)]
    seen: list[str] = []
    for gone in (keys[:3], keys[7:9], keys[3:7], keys[9:12], keys[12:13], keys[13:]):
        await book.write(drops=gone)
        seen.append(await called(pool))
        assert await stored_charts(pool) == await recounted(pool, book)
    assert seen == ["angel", "Angel", "angel", "Teardrop", "Teardrop", None]


async def test_names_that_come_while_the_own_one_goes_are_weighed_with_those_that_stay(pool: Pool) -> None:
    book = await begin(pool)
    names = ["Angel"] * 3 + ["angel"] * 2
    keys = [await play(book, number, named(name)) for number, name in enumerate(names)]
    again = [named(name, playedTime="2026-02-01T10:00:00Z") for name in ("Teardrop", "angel")]
    await book.write([row(records.PLAY, again[0], rkey="9")], drops=keys[:3])
    assert await called(pool) == "angel"
    await book.write([row(records.PLAY, again[1], rkey="9")], drops=keys[3:])
    assert await called(pool) == "angel"
    assert await stored_charts(pool) == await recounted(pool, book)
    assert await pool.fetchval("SELECT count(*) FROM played_name") == 0


async def test_no_name_is_one_only_where_there_is_no_other(pool: Pool) -> None:
    book = await begin(pool)
    for number in range(3):
        await play(book, number, named("Angel", releaseMbId=TWO))
    assert await called(pool, "release") == ""
    found = [
        await play(book, 10 + number, named("Angel", releaseMbId=TWO, releaseName=f"{number}")) for number in (1, 2)
    ]
    assert await called(pool, "release") in {"1", "2"}
    assert await stored_charts(pool) == await recounted(pool, book)
    await book.write(drops=[key for key in found if key[2] != f"1{await called(pool, 'release')}"])
    assert await called(pool, "release") != ""
    await book.write(drops=found)
    assert await called(pool, "release") == ""
    assert await stored_charts(pool) == await recounted(pool, book)


async def test_an_item_is_an_artists_as_long_as_any_name_credits_it(pool: Pool) -> None:
    book = await begin(pool)
    credited = [ARTISTS[:1], ARTISTS[:1], ARTISTS[::2], KNOWN, [*ARTISTS[:1], *KNOWN[:1]]]
    values = [named("Angel" if number else "angel") | {"artists": each} for number, each in enumerate(credited)]
    keys = [await play(book, number, value) for number, value in enumerate(values)]
    assert sorted((await stored_charts(pool))["links"].values()) == [1, 2, 3]
    for key in (keys[2], keys[4], keys[0], keys[3], keys[1]):
        await book.write(drops=[key])
        assert await stored_charts(pool) == await recounted(pool, book)
    assert not (await stored_charts(pool))["links"]


def test_what_is_held_before_it_is_written_grows_with_names() -> None:
    pile = Pile([0])
    at = datetime(2026, 2, 1, tzinfo=UTC)
    pile.add((1, Heard(1, at, ONE.replace("-", ""), None, name, "", ())) for name in [*NAMES, *NAMES])
    assert pile.size == 1 + len(NAMES)


@pytest.mark.parametrize("analyzed", [True, False])
async def test_a_play_of_what_has_many_names_reads_few_of_them(pool: Pool, *, analyzed: bool) -> None:
    """Whatever the planner knows, or has known: that an item has one name or two."""
    book = await begin(pool)
    for number, name in enumerate(["Angel", "Angel", "angel"]):
        await play(book, number, named(name))
    artist, item = await pool.fetch("SELECT id, key FROM played ORDER BY kind")
    await pool.execute(
        """
        INSERT INTO played_name (item, plays, key, name, credit)
        SELECT CASE WHEN i % 2 = 0 THEN $1 ELSE 100 + i END, 1, md5(i::text)::uuid, i::text, ''
        FROM generate_series(1, 2 * $2) i
        """,
        item["id"],
        MANY,
    )
    await pool.execute("UPDATE played SET other_plays = other_plays + $1 WHERE id = $2", MANY, item["id"])
    await pool.execute("UPDATE played_total SET plays = plays + $1 WHERE item = $2", MANY, item["id"])
    if analyzed:
        await pool.execute("ANALYZE played_name")
    artists = (("Massive Attack", artist["key"].hex),)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    async with pool.acquire() as connection, connection.transaction():
        for sign, name in ((1, "angel"), (1, "Teardrop"), (-1, "Angel"), (-1, "Angel"), (-1, "Teardrop")):
            heard = Heard(1, at, item["key"].hex, None, name, "", artists)
            await played.follow(connection, Touched(heard=[(sign, heard)]))
        assert await connection.fetchval("SELECT name FROM played WHERE id = $1", item["id"]) == "angel"
        assert await connection.fetchval(READ) < FEW
