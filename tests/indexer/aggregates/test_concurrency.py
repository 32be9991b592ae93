"""Writers of different repos at once, on counts that they share."""

from __future__ import annotations

import asyncio

from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

from .recount import expected, stored, track_uri

ACCOUNTS = 8
SUBJECTS = [track_uri(account_id, "3kaaaaaaaaa2a") for account_id in range(1, ACCOUNTS + 1)]


async def test_two_who_like_one_track_at_once_are_both_counted(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(), account_id=3)
    subject = track_uri(3, "3kaaaaaaaaa2a")
    likes = [row(records.LIKE, records.like(subject), account_id=account_id) for account_id in (1, 2)]
    await asyncio.gather(*(book.write([each]) for each in likes))
    assert (await stored(pool))["subjects"] == {subject: (2, 0, 3)}
    assert (await stored(pool))["totals"]["like_count"] == 2


async def test_a_like_and_its_track_that_come_at_once_meet(pool: Pool) -> None:
    for _ in range(10):
        await pool.execute("TRUNCATE account, record, subject_count, actor_count, plyr_track, plyr_like CASCADE")
        book = await Book.open(pool)
        track = row(records.TRACK, records.track(), account_id=1)
        like = row(records.LIKE, records.like(track_uri(1, "3kaaaaaaaaa2a")), account_id=2)
        await asyncio.gather(book.write([track]), book.write([like]))
        assert (await stored(pool))["actors"] == {1: (1, 1, 0, 0, 0)}
        await asyncio.gather(book.write(drops=[track.key]), book.write(drops=[like.key]))
        assert (await stored(pool))["actors"] == {}
        assert (await stored(pool))["subjects"] == {}


async def test_a_track_that_gets_other_tags_while_it_is_liked_and_played_loses_neither(pool: Pool) -> None:
    book = await Book.open(pool)
    subject = track_uri(1, "3kaaaaaaaaa2a")
    by_tag = "SELECT tag, likes, plays FROM tag_track ORDER BY tag"
    for turn in range(10):
        track = row(records.TRACK, records.track(tags=[f"t{turn}", "dub"]), account_id=1)
        like = row(records.LIKE, records.like(subject), account_id=2)
        play = row(records.PLAY, records.play(originUri=subject), account_id=3)
        await asyncio.gather(book.write([track]), book.write([like]), book.write([play]))
        assert await pool.fetch(by_tag) == [("dub", 1, 1), (f"t{turn}", 1, 1)]
        again = row(records.TRACK, records.track(tags=["dub"]), account_id=1)
        await asyncio.gather(book.write(drops=[like.key]), book.write([again]), book.write(drops=[play.key]))
        assert await pool.fetch(by_tag) == [("dub", 0, 0)]


async def test_many_writers_never_block_each_other_for_good(pool: Pool) -> None:
    book = await Book.open(pool, accounts=ACCOUNTS)

    async def live(account_id: int) -> None:
        place = {"account_id": account_id}
        for turn in range(6):
            order = SUBJECTS if (account_id + turn) % 2 else SUBJECTS[::-1]
            rows = [
                row(kind, make(subject), rkey=f"{number}", **place)
                for number, subject in enumerate(order)
                for kind, make in ((records.LIKE, records.like), (records.COMMENT, records.comment))
            ]
            own = row(records.TRACK, records.track(duration=turn, tags=["dub", f"t{turn}"]), **place)
            await book.write([*rows, own])
            if turn == 3:
                await book.write(drops=[each.key for each in rows[::2]])

    async with asyncio.timeout(60):
        await asyncio.gather(*map(live, range(1, ACCOUNTS + 1)))
    assert await stored(pool) == expected(book)
