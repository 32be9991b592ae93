"""Search documents and words, as records, counts, handles and visibility change."""

from __future__ import annotations

import asyncio

import pytest

from indexer import projections
from runtime.db import Pool
from tests.indexer.network import eventually
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

ONE, TWO = "3kaaaaaaaaa2a", "3kaaaaaaaaa2b"


async def vocabulary(pool: Pool) -> dict[str, int]:
    return {row["word"]: row["documents"] for row in await pool.fetch("SELECT word, documents FROM search_word")}


async def popularity(pool: Pool, kind: str) -> int:
    return await pool.fetchval("SELECT popularity FROM search_document WHERE kind = $1", kind)


async def test_words_are_counted_by_document_and_go_with_the_last(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(title="Night Drive, Night", artist="Mira"), rkey=ONE)
    await book.put(records.TRACK, records.track(title="Night", artist="Nils"), rkey=TWO)
    assert await vocabulary(pool) == {"night": 2, "drive": 1, "mira": 1, "nils": 1}
    await book.put(records.TRACK, records.track(title="Day", artist="Mira"), rkey=ONE)
    assert await vocabulary(pool) == {"night": 1, "day": 1, "mira": 1, "nils": 1}
    await book.write((), [(1, records.TRACK, ONE), (1, records.TRACK, TWO)])
    assert await vocabulary(pool) == {}


async def test_nothing_of_a_hidden_account_is_left_and_all_comes_back(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(title="Night"), rkey=ONE)
    await book.put(records.BSKY_PROFILE, {"displayName": "Mira"}, rkey="self")
    before = await vocabulary(pool)
    await book.hide(1)
    assert await pool.fetchval("SELECT count(*) FROM search_document") == 0
    assert await vocabulary(pool) == {}
    await book.show(1)
    assert await vocabulary(pool) == before


async def test_an_artist_is_found_by_name_and_by_a_handle_that_counts(pool: Pool) -> None:
    book = await Book.open(pool)
    await pool.execute("INSERT INTO identity (account_id, handle, handle_valid) VALUES (1, 'mira.example.com', true)")
    async with pool.acquire() as connection, connection.transaction():
        await projections.change_handles(connection, [1, 2])
    assert await pool.fetchval("SELECT name || '/' || alias FROM search_document") == "miraexamplecom/miraexamplecom"
    await book.put(records.BSKY_PROFILE, {"displayName": "Mira & the Delays"}, rkey="self")
    assert await pool.fetchval("SELECT name || '/' || alias FROM search_document") == "miraandthedelays/miraexamplecom"
    await pool.execute("UPDATE identity SET handle_valid = false")
    async with pool.acquire() as connection, connection.transaction():
        await projections.change_handles(connection, [1])
    assert await pool.fetchval("SELECT alias FROM search_document") is None


async def test_popularity_follows_likes_that_come_and_go(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.BSKY_PROFILE, {"displayName": "Mira"}, rkey="self")
    await book.put(records.TRACK, records.track(), rkey=ONE)
    subject = records.uri(1, records.TRACK, ONE)
    seen: list[tuple[int, int]] = []
    for account_id in (2, 3):
        await book.put(records.LIKE, records.like(subject), account_id=account_id, rkey=TWO)
        seen.append((await popularity(pool, "track"), await popularity(pool, "artist")))
    await book.hide(2)
    seen.append((await popularity(pool, "track"), await popularity(pool, "artist")))
    assert seen == [(1, 1), (2, 2), (1, 1)]


async def _give_name(pool: Pool, by: str) -> None:
    if by == "handle":
        await pool.execute("INSERT INTO identity (account_id, handle, handle_valid) VALUES (1, 'mira.com', true)")
    async with pool.acquire() as connection, connection.transaction():
        if by == "handle":
            await projections.change_handles(connection, [1])
        else:
            await projections.write(connection, [row(records.BSKY_PROFILE, {"displayName": "Mira"}, rkey="self")], [])


@pytest.mark.parametrize("by", ["profile", "handle"])
async def test_an_artist_who_gets_a_name_while_somebody_likes_a_track_is_as_popular(pool: Pool, by: str) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(), rkey=ONE)
    like = row(records.LIKE, records.like(records.uri(1, records.TRACK, ONE)), account_id=2)

    async def named_or_waiting() -> bool:
        return naming.done() or await pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")

    async with pool.acquire() as liking, liking.transaction():
        await projections.write(liking, [like], [])
        naming = asyncio.create_task(_give_name(pool, by))
        await eventually(named_or_waiting, "a name, or that it waits for the like")
    await naming
    assert await popularity(pool, "artist") == 1


async def test_words_of_a_document_are_bounded(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(title=" ".join(f"w{n}" for n in range(60)), artist="a b"), rkey=ONE)
    assert len(await vocabulary(pool)) == 34


async def names(pool: Pool, kind: str) -> list[str]:
    rows = await pool.fetch("SELECT name FROM search_document WHERE kind = $1 ORDER BY name", kind)
    return [row["name"] for row in rows]


async def test_an_album_is_found_while_it_has_a_track_by_list_or_by_name(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(album="Harbour Lights"), rkey=ONE)
    assert await names(pool, "album") == ["harbourlights"]
    items = [records.uri(1, records.TRACK, ONE)]
    await book.put(records.LIST, records.track_list(items, listType="album", name="Night Bus"), rkey=TWO)
    assert await names(pool, "album") == ["nightbus"]
    await book.hide(1)
    assert await names(pool, "album") == []
    await book.show(1)
    await book.put(records.LIST, records.track_list(items, listType="album", name="Day Bus"), rkey=TWO)
    assert await names(pool, "album") == ["daybus"]
    await book.write((), [(1, records.LIST, TWO), (1, records.TRACK, ONE)])
    assert await names(pool, "album") == []
    assert await vocabulary(pool) == {}


async def test_a_playlist_is_found_by_its_present_name(pool: Pool) -> None:
    book = await Book.open(pool)
    for name in ("Rainy Days", "Sunny Days"):
        await book.put(records.LIST, records.track_list([], listType="playlist", name=name), rkey=TWO)
    assert await names(pool, "playlist") == ["sunnydays"]
    await book.put(records.LIST, records.track_list([], listType="liked", name="Sunny Days"), rkey=TWO)
    assert await names(pool, "playlist") == []
    assert await vocabulary(pool) == {}


async def test_a_tag_is_found_as_long_as_a_visible_track_has_it(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(tags=["lo-fi", "live"]), rkey=ONE)
    await book.put(records.TRACK, records.track(tags=["live"]), account_id=2, rkey=ONE)
    assert await names(pool, "tag") == ["live", "lofi"]
    assert await pool.fetchval("SELECT popularity FROM search_document WHERE kind = 'tag' AND key = 'live'") == 2
    await book.hide(1)
    assert await names(pool, "tag") == ["live"]
    assert await pool.fetchval("SELECT popularity FROM search_document WHERE kind = 'tag' AND key = 'live'") == 1
    await book.write((), [(2, records.TRACK, ONE)])
    assert await names(pool, "tag") == []
