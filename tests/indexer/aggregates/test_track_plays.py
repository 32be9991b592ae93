"""Which plays belong to which tracks, as both come and go."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from indexer.aggregates.track_names import track_in
from protocol.played import named_track
from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

from .recount import expected, stored, track_uri

ONE, TWO = "3kaaaaaaaaa2a", "3kaaaaaaaaa2b"
URI = "at://did:plc:abc/fm.plyr.track/3kaaaaaaaaa2a"
PORT = "at://did:web:localhost%3A3000/fm.plyr.stg.track/3kaaaaaaaaa2a"


def on_plyr(**fields: Any) -> dict[str, Any]:
    return records.play(musicServiceUri="https://plyr.fm", **fields)


async def belongs_to(pool: Pool) -> list[str]:
    return [row["subject"] for row in await pool.fetch("SELECT subject FROM track_play ORDER BY account_id, rkey")]


@pytest.mark.parametrize(
    ("origin", "uri"),
    [
        (URI, URI),
        (f"https://plyr.fm/track/{URI}?t=3", URI),
        (f"https://plyr.fm/embed?uri={quote(URI, safe='')}&t=3", URI),
        (PORT, PORT),
        (f"https://plyr.fm/embed?uri={quote(PORT, safe='')}", PORT),
        ("https://plyr.fm/track/3", None),
        ("at://did:plc:abc/fm.plyr.like/3kaaaaaaaaa2a", None),
        ("at://nils.example.com/fm.plyr.track/3kaaaaaaaaa2a", None),
        (f"at://did:plc:{'a' * 3_000}/fm.plyr.track/3kaaaaaaaaa2a", None),
        (None, None),
    ],
)
def test_an_origin_holds_the_address_of_a_track_or_none(origin: str | None, uri: str | None) -> None:
    assert track_in(origin) == uri


def test_names_are_the_same_whatever_their_case_and_spaces() -> None:
    assert named_track("Tåke", "Nils  B") == named_track(" TÅKE", "nils b")
    assert named_track("a", "b") != named_track("b", "a")
    assert named_track(" ", "b") is None
    assert named_track("a", None) is None


async def test_a_play_goes_over_to_the_next_track_of_its_name_and_back_to_that_of_its_origin(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.PLAY, on_plyr(originUri=track_uri(3, ONE)), account_id=1)
    assert await belongs_to(pool) == []
    second = row(records.TRACK, records.track(), account_id=1)._replace(indexed_at=records.NOW + timedelta(hours=1))
    await book.write([second])
    assert await belongs_to(pool) == [track_uri(1, ONE)]
    await book.put(records.TRACK, records.track(title=" ANGEL"), account_id=2)
    assert await belongs_to(pool) == [track_uri(2, ONE)]
    await book.put(records.TRACK, records.track(title="Else"), account_id=3)
    assert await belongs_to(pool) == [track_uri(3, ONE)]
    await book.hide(3)
    assert await belongs_to(pool) == [track_uri(2, ONE)]
    await book.put(records.TRACK, records.track(title="Teardrop"), account_id=2)
    assert await belongs_to(pool) == [track_uri(1, ONE)]
    await book.show(3)
    assert await belongs_to(pool) == [track_uri(3, ONE)]
    await book.purge(3)
    await book.write((), [(1, records.TRACK, ONE)])
    assert await belongs_to(pool) == []
    assert await stored(pool) == expected(book)


async def test_a_play_of_elsewhere_belongs_to_no_track_of_its_name(pool: Pool) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track())
    await book.put(records.PLAY, records.play(musicServiceUri="https://spotify.com"), rkey=ONE)
    await book.put(records.PLAY, on_plyr(artists=[{"artistName": "Somebody"}]), rkey=TWO)
    assert await belongs_to(pool) == []


async def test_a_repetition_that_comes_to_count_brings_its_own_track(pool: Pool) -> None:
    book = await Book.open(pool)
    for account_id in (1, 2):
        await book.put(records.TRACK, records.track(title=f"Song {account_id}"), account_id=account_id)
    for rkey, account_id in ((ONE, 1), (TWO, 2)):
        await book.put(records.PLAY, records.play(originUri=track_uri(account_id, ONE)), account_id=3, rkey=rkey)
    assert await belongs_to(pool) == [track_uri(1, ONE)]
    await book.write((), [(3, records.PLAY, ONE)])
    assert await belongs_to(pool) == [track_uri(2, ONE)]
    assert await stored(pool) == expected(book)


async def test_plays_and_tracks_that_come_and_go_at_once_meet(pool: Pool) -> None:
    for _ in range(10):
        await pool.execute(
            "TRUNCATE account, record, subject_count, actor_count, plyr_track, teal_play, ranked_track, track_play,"
            " track_listener, heard_actor, heard_tag, search_document, search_word CASCADE"
        )
        await pool.execute("UPDATE heard_total SET play_count = 0")
        book = await Book.open(pool)
        track = row(records.TRACK, records.track(), account_id=1)
        plays = [row(records.PLAY, on_plyr(), account_id=account_id) for account_id in (2, 3)]
        await asyncio.gather(*(book.write([each]) for each in (*plays, track)))
        assert (await stored(pool))["heard"] == expected(book)["heard"]
        await asyncio.gather(book.write(drops=[track.key]), book.write(drops=[plays[0].key]))
        assert (await stored(pool))["heard"] == expected(book)["heard"]
