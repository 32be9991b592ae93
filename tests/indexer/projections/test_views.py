"""What the read side sees, in its own role."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from runtime.db import Pool

from .records import (
    ALPHA_PROFILE,
    ALPHA_STATUS,
    BLOB,
    BSKY_PROFILE,
    COMMENT,
    LIKE,
    PLAY,
    PLYR_PROFILE,
    STATUS,
    TEAL_PROFILE,
    TRACK,
    Book,
    comment,
    did,
    like,
    play,
    status,
    track,
    uri,
)

RKEY = "3kaaaaaaaaa2a"
VIEWS = ("track", "track_tag", "like", "comment", "teal_profile", "profile", "play", "status")


async def filled(pool: Pool) -> Book:
    book = await Book.open(pool)
    subject = uri(1, TRACK, RKEY)
    await book.put(TRACK, track(duration=10, tags=["dub"]))
    await book.put(LIKE, like(subject))
    await book.put(LIKE, like(subject), account_id=2)
    await book.put(COMMENT, comment(subject))
    await book.put(PLAY, play())
    await book.put(STATUS, status(), rkey="self")
    await book.put(TEAL_PROFILE, {"displayName": "Teal"}, rkey="self")
    return book


@pytest.mark.parametrize("table", ["plyr_track", "plyr_like", "teal_play", "account", "record", "visibility"])
async def test_the_reader_cannot_look_past_the_views(reader: Pool, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.fetch(f"SELECT * FROM {table}")


@pytest.mark.parametrize("view", VIEWS)
async def test_nothing_of_a_hidden_account_shows(pool: Pool, reader: Pool, view: str) -> None:
    book = await filled(pool)
    query = f"SELECT count(*) FROM visible_{view} WHERE account_id = 1"
    assert await reader.fetchval(query) == 1
    await book.hide(1)
    assert await reader.fetchval(query) == 0
    await book.show(1)
    assert await reader.fetchval(query) == 1


async def test_an_account_hidden_from_lists_still_shows_by_name(pool: Pool, reader: Pool) -> None:
    await filled(pool)
    await pool.execute("INSERT INTO visibility VALUES (1, '', 'label', true, false)")
    for view in VIEWS:
        assert await reader.fetchval(f"SELECT listed FROM visible_{view} WHERE account_id = 1") is False


async def test_a_single_record_can_be_hidden(pool: Pool, reader: Pool) -> None:
    await filled(pool)
    await pool.execute("INSERT INTO visibility VALUES (1, $1, 'label', true, false)", f"{TRACK}/{RKEY}")
    assert await reader.fetchval("SELECT listed FROM visible_track") is False
    await pool.execute("UPDATE visibility SET hides_view = true")
    assert await reader.fetchval("SELECT count(*) FROM visible_track") == 0
    assert await reader.fetchval("SELECT count(*) FROM visible_track_tag") == 0
    assert await reader.fetchval("SELECT count(*) FROM visible_comment") == 1
    await pool.execute("UPDATE visibility SET subject = $1", f"{COMMENT}/{RKEY}")
    assert await reader.fetchval("SELECT count(*) FROM visible_comment") == 0


@pytest.mark.parametrize(
    ("view", "subject"),
    {
        "track": f"{TRACK}/{RKEY}",
        "like": f"{LIKE}/{RKEY}",
        "comment": f"{COMMENT}/{RKEY}",
        "play": f"{PLAY}/{RKEY}",
        "status": f"{STATUS}/self",
        "teal_profile": f"{TEAL_PROFILE}/self",
        "teal_name": f"{TEAL_PROFILE}/self",
        "join": f"{PLYR_PROFILE}/self",
    }.items(),
)
async def test_a_record_of_any_kind_can_be_hidden(pool: Pool, reader: Pool, view: str, subject: str) -> None:
    book = await filled(pool)
    await book.put(PLYR_PROFILE, {"bio": "plyr", "createdAt": "2026-01-01T00:00:00Z"}, rkey="self")
    await pool.execute("INSERT INTO visibility VALUES (1, $1, 'label', true, false)", subject)
    query = f"SELECT listed FROM visible_{view} WHERE account_id = 1"
    assert await reader.fetch(query) == [(False,)]
    await pool.execute("UPDATE visibility SET hides_view = true")
    assert await reader.fetch(query) == []
    await pool.execute("UPDATE visibility SET subject = subject || 'x'")
    assert await reader.fetch(query) == [(True,)]


async def test_a_hidden_profile_says_nothing_and_what_it_said_goes_when_the_name_is_made(
    pool: Pool, reader: Pool
) -> None:
    book = await filled(pool)
    sky = {"displayName": "Sky", "description": "sky"}
    await book.put(BSKY_PROFILE, sky, rkey="self")
    seen = "SELECT display_name, description FROM visible_profile WHERE account_id = 1"
    assert await reader.fetchrow(seen) == ("Sky", "sky")
    await pool.execute("INSERT INTO visibility VALUES (1, $1, 'label', true, true)", f"{BSKY_PROFILE}/self")
    await book.put(BSKY_PROFILE, sky, rkey="self")
    assert await reader.fetchrow(seen) == ("Teal", None)
    await pool.execute("INSERT INTO visibility VALUES (1, $1, 'label', true, true)", f"{TEAL_PROFILE}/self")
    await book.put(BSKY_PROFILE, sky, rkey="self")
    assert await reader.fetchrow(seen) == (None, None)


async def test_a_track_shows_its_counts(pool: Pool, reader: Pool) -> None:
    await filled(pool)
    found = await reader.fetchrow("SELECT uri, did, like_count, comment_count FROM visible_track")
    assert found == (uri(1, TRACK, RKEY), did(1), 2, 1)


async def test_a_profile_is_made_of_three_and_every_account_has_one(pool: Pool, reader: Pool) -> None:
    book = await filled(pool)
    image = {**BLOB, "mimeType": "image/png"}

    async def seen(account_id: int = 1) -> tuple[str | None, ...]:
        found = await reader.fetchrow(
            "SELECT display_name, description, avatar, avatar_cid FROM visible_profile WHERE account_id = $1",
            account_id,
        )
        assert found is not None
        return tuple(found)

    assert await seen(3) == (None, None, None, None)
    await book.put(ALPHA_PROFILE, {"displayName": "Alpha", "description": "alpha"}, rkey="self")
    await book.put(ALPHA_PROFILE, {"displayName": "Alpha", "description": "alpha"}, rkey="self", account_id=2)
    assert await seen() == ("Teal", None, None, None)
    assert await seen(2) == ("Alpha", "alpha", None, None)
    await book.put(BSKY_PROFILE, {"displayName": "Sky", "description": "sky", "avatar": image}, rkey="self")
    assert await seen() == ("Sky", "sky", None, str(BLOB["ref"]))
    profile = {"bio": "plyr", "avatar": "https://a.example/b", "createdAt": "2026-01-01T00:00:00Z"}
    await book.put(PLYR_PROFILE, profile, rkey="self")
    assert await seen() == ("Sky", "plyr", "https://a.example/b", str(BLOB["ref"]))
    counts = await reader.fetchrow(
        "SELECT track_count, likes_received, scrobble_count, total_duration FROM visible_profile WHERE account_id = 1"
    )
    assert counts == (1, 2, 1, 10)


async def test_of_two_statuses_the_later_shows_and_of_equal_ones_the_stable(pool: Pool, reader: Pool) -> None:
    book = await filled(pool)

    async def seen() -> list[asyncpg.Record]:
        return await reader.fetch("SELECT alpha, started_at FROM visible_status")

    began = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    await book.put(ALPHA_STATUS, status(), rkey="self")
    assert await seen() == [(False, began)]
    await book.put(ALPHA_STATUS, status(time="2026-03-01T11:59:30Z"), rkey="self")
    assert await seen() == [(True, began.replace(second=30))]
    await book.write(drops=[(1, ALPHA_STATUS, "self")])
    assert await seen() == [(False, began)]


async def test_uris_of_plays_name_their_generation(pool: Pool, reader: Pool) -> None:
    book = await filled(pool)
    await book.put("fm.teal.alpha.feed.play", play(), account_id=2)
    assert {address for (address,) in await reader.fetch("SELECT uri FROM visible_play")} == {
        uri(1, PLAY, RKEY),
        uri(2, "fm.teal.alpha.feed.play", RKEY),
    }
