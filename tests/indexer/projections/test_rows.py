"""Rows in the database: replaced as a whole, holding whatever a record can hold, settled among their like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.db import Pool

from .records import (
    ALPHA_PLAY,
    COMMENT,
    CREATED,
    LIKE,
    NOW,
    PLAY,
    TEAL_PROFILE,
    TRACK,
    Book,
    comment,
    like,
    play,
    row,
    tid,
    track,
    uri,
)

ONE, TWO, THREE = "3kaaaaaaaaa2a", "3kaaaaaaaaa2b", "3kaaaaaaaaa2c"


async def test_a_field_that_an_edit_drops_vanishes_and_so_do_its_tags(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(TRACK, track(album="Mezzanine", duration=379, description="#dub", tags=["bristol"]))
    assert await pool.fetch("SELECT tag FROM tag_track ORDER BY tag") == [("bristol",), ("dub",)]
    await book.put(TRACK, track(createdAt="2026-01-01T00:00:00Z", tags=["other"]))
    assert await book.one("SELECT album, duration, description, tags FROM plyr_track") == {
        "album": None,
        "duration": None,
        "description": None,
        "tags": ["other"],
    }
    assert await pool.fetch("SELECT tag, sort_at FROM tag_track") == [("other", datetime(2026, 1, 1, tzinfo=UTC))]


async def test_an_invalid_version_takes_the_row_of_the_valid_one(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(TRACK, track())
    await book.put(TRACK, track(title=None))
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 0
    await book.put(TRACK, track())
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == 1


async def test_records_of_collections_without_a_projection_pass_by(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put("fm.teal.actor.profileStatus", {"completedOnboarding": "complete", "createdAt": CREATED})
    assert await pool.fetchval("SELECT count(*) FROM record") == 1
    await book.write(drops=[(1, "fm.teal.actor.profileStatus", ONE)])


async def test_what_postgres_cannot_hold_is_stored_all_the_same(pool: Pool) -> None:
    book = await Book.open(pool)
    nasty = "a\x00b"
    await book.put(
        TRACK,
        track(
            title=nasty,
            description=nasty,
            tags=[nasty],
            duration=2**63 - 1,
            createdAt="0001-01-01T00:00:00Z",
            extra={nasty: [nasty, 2**63 - 1, None]},
        ),
    )
    await book.put(COMMENT, comment(uri(1, TRACK, ONE), text=nasty, timestampMs=2**63 - 1))
    await book.put(PLAY, play(trackName=nasty, releaseName=nasty, isrc=nasty, duration=-(2**63)))
    await book.put(
        TEAL_PROFILE,
        {"description": "x", "descriptionFacets": [{"index": {"byteStart": 0, "byteEnd": 1}}]},
        rkey="self",
    )
    assert await book.one("SELECT title, tags FROM plyr_track") == {"title": "a\ufffdb", "tags": ["a\ufffdb"]}
    assert "\\u0000" in await pool.fetchval("SELECT json_build_object('record', record)::text FROM plyr_track")
    assert await pool.fetchval("SELECT track_name FROM teal_play") == "a\ufffdb"


async def test_a_record_of_950_kilobytes_makes_its_row(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(TRACK, track(filler="x" * 950_000, description="#tag " * 900))
    await book.put(PLAY, play(artists=[{"artistName": f"{number}"} for number in range(20_000)], isrc="i" * 400_000))
    assert await pool.fetchval("SELECT length(record::text) FROM plyr_track") > 950_000
    assert await pool.fetchval("SELECT cardinality(artist_names) FROM teal_play") == 64


async def test_durations_that_overflow_add_up(pool: Pool) -> None:
    book = await Book.open(pool)
    for rkey in (ONE, TWO, THREE):
        await book.put(TRACK, track(duration=2**63 - 1), rkey=rkey)
    assert await pool.fetchval("SELECT total_duration FROM actor_count") == 3 * (2**63 - 1)
    assert await pool.fetchval("SELECT total_duration FROM visible_totals") == 3 * (2**63 - 1)


async def canonical(pool: Pool, table: str) -> list[Any]:
    return [rkey for (rkey,) in await pool.fetch(f"SELECT rkey FROM {table} WHERE canonical ORDER BY rkey")]


async def test_of_two_likes_the_earliest_counts_and_when_it_goes_the_other_one_does(pool: Pool) -> None:
    book = await Book.open(pool)
    subject = uri(2, TRACK, ONE)
    await book.put(LIKE, like(subject), rkey=TWO)
    await book.put(LIKE, like(subject, createdAt="2026-01-01T00:00:00Z"), rkey=THREE)
    await book.put(LIKE, like(subject), rkey=ONE)
    assert await canonical(pool, "plyr_like") == [THREE]
    assert await pool.fetchval("SELECT like_count FROM subject_count") == 1
    await book.write(drops=[(1, LIKE, THREE)])
    assert await canonical(pool, "plyr_like") == [ONE]
    await book.put(LIKE, like(uri(2, TRACK, TWO)), rkey=ONE)
    assert await canonical(pool, "plyr_like") == [ONE, TWO]
    await book.write(drops=[(1, LIKE, ONE), (1, LIKE, TWO)])
    assert await pool.fetchval("SELECT count(*) FROM subject_count") == 0


async def test_one_play_under_several_uris_counts_once_and_another_is_promoted(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(ALPHA_PLAY, play(), rkey=ONE)
    await book.put(PLAY, play(), rkey=THREE)
    await book.put(PLAY, play(), rkey=TWO)
    assert await canonical(pool, "teal_play") == [TWO]
    assert await pool.fetchval("SELECT scrobble_count FROM actor_count") == 1
    for gone, promoted in ((TWO, [THREE]), (THREE, [ONE])):
        await book.write(drops=[(1, PLAY, gone)])
        assert await canonical(pool, "teal_play") == promoted
    await book.write(drops=[(1, ALPHA_PLAY, ONE)])
    assert await pool.fetchval("SELECT count(*) FROM actor_count") == 0


async def test_an_alpha_play_with_a_stable_twin_is_no_play_of_its_own_while_that_stands(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(ALPHA_PLAY, play(playedTime="2026-02-02T00:00:00Z"), rkey=ONE)
    await book.put(ALPHA_PLAY, play(playedTime="2026-02-02T00:00:00Z"), rkey=TWO)
    await book.put(PLAY, play(), rkey=ONE)
    rows = await pool.fetch("SELECT rkey, alpha FROM teal_play WHERE canonical ORDER BY rkey")
    assert rows == [(ONE, False), (TWO, True)]
    await book.write(drops=[(1, PLAY, ONE)])
    rows = await pool.fetch("SELECT rkey, alpha FROM teal_play WHERE canonical ORDER BY rkey")
    assert rows == [(ONE, True)]


async def test_what_an_account_repeats_without_end_is_settled_by_index(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.write([row(PLAY, play(), rkey=tid(NOW, number)) for number in range(1_000)])
    assert await pool.fetchval("SELECT count(*) FROM teal_play WHERE canonical") == 1
    await pool.execute("ANALYZE teal_play")
    plan = await pool.fetchval(
        """
        EXPLAIN (FORMAT json) SELECT FROM teal_play p
        WHERE p.account_id = 1 AND p.played_at = $1 AND p.recording = (SELECT recording FROM teal_play LIMIT 1)
            AND NOT p.canonical AND NOT p.shadowed
        ORDER BY p.alpha, p.rkey LIMIT 1
        """,
        datetime(2026, 2, 1, 10, 0, 0, 123_000, UTC),
    )
    assert "teal_play_repeated" in plan
    assert '"Sort"' not in plan


@pytest.mark.parametrize("collection", [PLAY, LIKE])
async def test_hiding_twice_and_showing_twice_count_once(pool: Pool, collection: str) -> None:
    book = await Book.open(pool)
    await book.put(collection, play() if collection == PLAY else like(uri(2, TRACK, ONE)))
    before = await pool.fetch("SELECT * FROM subject_count"), await pool.fetch("SELECT * FROM actor_count")
    for _ in range(2):
        await book.hide(1)
    assert await pool.fetchval("SELECT count(*) FROM subject_count") == 0
    assert await pool.fetchval("SELECT coalesce(sum(scrobble_count), 0) FROM actor_count") == 0
    for _ in range(2):
        await book.show(1)
    after = await pool.fetch("SELECT * FROM subject_count"), await pool.fetch("SELECT * FROM actor_count")
    assert after == before
