"""What tables that follow others are told, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from indexer import aggregates, projections
from indexer.aggregates import Connection, Follower, Touched
from indexer.aggregates.days import SubjectDay
from indexer.reading import RecordReader
from indexer.reindex import Patience, Reindex
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, row

ONE, TWO = "3kaaaaaaaaa2a", "3kaaaaaaaaa2b"


class Witness:
    """A follower that keeps what it is told, with what it sees of tracks and likes at that moment."""

    def __init__(self) -> None:
        self.told: list[Touched] = []
        self.counted: list[tuple[Sequence[str], Sequence[int]]] = []
        self.seen: list[tuple[int, int, int]] = []
        self.restarts = 0

    async def follow(self, connection: Connection, touched: Touched) -> None:
        self.told.append(replace(touched, subjects=(), counted=(), records=(), gone=(), heard=()))
        self.counted.append((touched.subjects, touched.counted))
        found = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM plyr_track), (SELECT count(*) FROM plyr_like),"
            " (SELECT count(*) FROM actor_count WHERE hidden)"
        )
        assert found is not None
        self.seen.append((found[0], found[1], found[2]))

    async def restart(self, connection: Connection) -> None:
        assert await connection.fetchval("SELECT count(*) FROM plyr_track") == 0
        self.restarts += 1


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    found = Witness()
    monkeypatch.setattr(aggregates, "FOLLOWERS", (Follower((), found.follow, found.restart),))
    return found


async def test_a_follower_is_told_what_a_batch_touched_once_it_is_written(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    track, like = (
        row(records.TRACK, records.track(), rkey=ONE),
        row(records.LIKE, records.like(records.uri(9, records.TRACK, ONE)), rkey=TWO),
    )
    unfit = row(records.TRACK, records.track(title=None), account_id=2, rkey=ONE)
    await book.write([track, like, unfit], [(1, records.COMMENT, ONE), (1, "app.bsky.feed.post", ONE)])
    assert witness.told == [
        Touched(
            keys={"plyr_track": [(1, ONE), (2, ONE)], "plyr_like": [(1, TWO)], "plyr_comment": [(1, ONE)]},
            liked={SubjectDay(records.uri(9, records.TRACK, ONE), date(2026, 2, 1)): 1},
        )
    ]
    assert witness.seen == [(1, 1, 0)]


async def test_a_follower_is_told_which_subjects_and_accounts_count_otherwise(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    subject = records.uri(1, records.TRACK, ONE)
    await book.put(records.TRACK, records.track(), rkey=ONE)
    await book.put(records.LIKE, records.like(subject), account_id=2)
    await book.hide(2)
    assert witness.counted == [([subject], [1])] * 3


async def test_two_generations_under_one_key_are_told_once(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    await book.write([row(name, records.play(), rkey=ONE) for name in (records.PLAY, records.ALPHA_PLAY)])
    assert witness.told == [Touched(keys={"teal_play": [(1, ONE)]})]


async def test_accounts_that_hide_show_again_or_are_purged_are_told(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track())
    for step in (book.hide, book.hide, book.show, book.show, book.purge):
        await step(1)
    hidden, shown, purged = (Touched(accounts=[1], **{fate: [1]}) for fate in ("hidden", "shown", "purged"))
    assert witness.told[1:] == [hidden, shown, Touched(leaving=[1]), purged]
    assert witness.seen[1:] == [(1, 0, 1), (1, 0, 0), (1, 0, 0), (0, 0, 0)]


async def test_what_is_made_anew_is_followed_from_nothing(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(), rkey=ONE)
    await book.put(records.TRACK, records.track(), rkey=TWO)
    witness.told.clear()
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert witness.restarts == 1
    assert witness.told == [Touched(keys={"plyr_track": [(1, ONE), (1, TWO)]})]


async def test_what_changes_while_everything_is_made_anew_is_followed_too(pool: Pool, witness: Witness) -> None:
    book = await Book.open(pool)
    await book.put(records.TRACK, records.track(), rkey=ONE)

    def show(_: Any) -> None:
        return

    patience = Patience(writers=5.0, readers=0.3, attempts=20.0)
    original = projections.stored_after

    async def stored_after(*arguments: Any) -> Any:
        page = await original(*arguments)
        if not page:
            await book.put(records.TRACK, records.track(), rkey=TWO)
            await book.hide(1)
            witness.told.clear()
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projections, "stored_after", stored_after)
        await Reindex(RecordReader(RECORD_COLLECTIONS, "fm.plyr"), 10, patience, show).run(pool)
    assert Touched(keys={"plyr_track": [(1, TWO)]}) in witness.told
    assert Touched(accounts=[1], hidden=[1]) in witness.told
