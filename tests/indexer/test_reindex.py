"""Everything made anew beside what serves: the same result, whoever reads, writes or stops it meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import asyncpg
import pytest

from indexer import projections
from indexer.reading import RecordReader
from indexer.reindex import Patience, Progress, Reindex, ReindexBlocked, ReindexRunning
from migrations.schema import dump_schema
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS
from tests.indexer.aggregates.recount import everything, expected, stored, track_uri
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, Key

PATIENT = Patience(writers=5.0, readers=0.3, attempts=20.0)
ACCOUNTS = 6
RKEYS = [f"3kaaaaaaaaa2{letter}" for letter in "abcdefgh"]
SUBJECTS = [track_uri(account_id, rkey) for account_id in range(1, ACCOUNTS + 1) for rkey in RKEYS[:2]]
# Neither made from the raw records nor to be lost with what is.
SOURCES = {"account", "identity", "record", "visibility"}
KEPT_APART = {
    *("repo", "repo_total", "buffered_event", "source_cursor", "stream_gap", "instance", "discovery_cursor"),
    *("dead_letter", "migration", "reindex_change", "reindex_verdict"),
}


def silent(_: Progress) -> None:
    return


def made(*, number: int = 10, patience: Patience = PATIENT, show: Any = silent) -> Reindex:
    return Reindex(RecordReader(RECORD_COLLECTIONS, "fm.plyr"), number, patience, show)


def some_record(chances: random.Random, collection: str) -> dict[str, Any]:
    moment = f"2026-02-01T10:00:0{chances.randrange(3)}Z"
    match collection:
        case records.TRACK:
            title = chances.choice(["Angel", "A\x00ngel", None])
            return records.track(title=title, tags=chances.choice([None, ["a"], ["a", "b"]]), createdAt=moment)
        case records.LIKE:
            return records.like(chances.choice(SUBJECTS), createdAt=moment)
        case records.COMMENT:
            return records.comment(chances.choice(SUBJECTS))
        case _:
            return records.play(trackName=chances.choice(["Angel", "Teardrop", ""]), playedTime=moment)


async def a_step(book: Book, chances: random.Random, account_id: int) -> None:
    if chances.random() < 0.15:
        await getattr(book, chances.choice(["hide", "show", "purge"]))(account_id)
        return
    puts: dict[Key, Any] = {}
    for _ in range(chances.randint(1, 6)):
        collection = chances.choice([records.TRACK, records.LIKE, records.COMMENT, records.PLAY, records.ALPHA_PLAY])
        rkey = chances.choice(RKEYS)
        value = some_record(chances, collection) if chances.random() < 0.8 else None
        puts[account_id, collection, rkey] = value
    rows = [
        records.row(collection, value, account_id=account_id, rkey=rkey)
        for (_, collection, rkey), value in puts.items()
        if value is not None
    ]
    await book.write(rows, [key for key, value in puts.items() if value is None])


async def lived(pool: Pool, seed: int, steps: int = 60) -> Book:
    chances = random.Random(seed)
    book = await Book.open(pool, accounts=ACCOUNTS)
    for _ in range(steps):
        await a_step(book, chances, chances.randint(1, ACCOUNTS))
    return book


async def left_overs(pool: Pool) -> list[str]:
    """What a reindex must not leave behind."""
    schemas = await pool.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'reindex%'")
    triggers = await pool.fetch(
        "SELECT tgname FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgname <> 'shown' AND tgfoid <> 'count_synced'::regproc"
    )
    noted = await pool.fetch("SELECT 'change' FROM reindex_change UNION ALL SELECT 'verdict' FROM reindex_verdict")
    return [name for (name,) in [*schemas, *triggers, *noted]]


async def test_every_table_is_a_source_or_kept_apart_or_made_anew(pool: Pool) -> None:
    found = {
        name
        for (name,) in await pool.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    }
    assert found == SOURCES | KEPT_APART | set(projections.TABLES)
    assert not set(projections.TABLES) & (SOURCES | KEPT_APART)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_made_anew_equals_what_was_there(pool: Pool, seed: int) -> None:
    await lived(pool, seed)
    before = await everything(pool)
    progress = await made(number=7).run(pool)
    assert await everything(pool) == before
    assert progress.records == progress.total == await pool.fetchval("SELECT count(*) FROM record") > 0
    assert (progress.revalidated, progress.not_projected, progress.attempts) == (0, 0, 1)
    assert await left_overs(pool) == []


async def test_what_was_spoilt_is_mended(pool: Pool) -> None:
    book = await lived(pool, 1)
    before = await everything(pool)
    await pool.execute("DELETE FROM plyr_like WHERE rkey < '3kaaaaaaaaa2d'")
    await pool.execute("UPDATE totals SET like_count = like_count + 1")
    await pool.execute("UPDATE teal_play SET canonical = true")
    await pool.execute("DELETE FROM actor_count")
    await made().run(pool)
    assert await everything(pool) == before
    assert await stored(pool) == expected(book)


async def test_the_schema_its_names_and_its_grants_stay(pool: Pool, database_url: str, reader: Pool) -> None:
    await lived(pool, 2)
    before = await dump_schema(database_url)
    await made().run(pool)
    assert await dump_schema(database_url) == before
    assert await reader.fetchval("SELECT count(*) FROM visible_track") > 0


async def test_who_holds_answers_is_told_of_all_of_it_at_once_and_of_changes_from_then_on(pool: Pool) -> None:
    told: list[object] = []

    def note(*notified: object) -> None:
        told.append(notified[-1])

    async with pool.acquire() as listening:
        await listening.add_listener("plyr_shown", note)
        book = await lived(pool, 3, 10)
        await made().run(pool)
        await listening.fetchval("SELECT 1")
        assert told.count("") == 1
        told.clear()
        await book.write([records.row(records.TRACK, records.track(), account_id=1, rkey=RKEYS[7])], [])
        await listening.fetchval("SELECT 1")
        assert "plyr_track" in told
        await listening.remove_listener("plyr_shown", note)


async def test_records_are_judged_again(pool: Pool) -> None:
    book = await Book.open(pool)
    good = await book.put(records.TRACK, records.track(), rkey=RKEYS[0])
    bad = await book.put(records.TRACK, records.track(title=None), rkey=RKEYS[1])
    await pool.execute("UPDATE record SET invalid = 'by a rule of old' WHERE rkey = $1", good.key.rkey)
    await pool.execute("UPDATE record SET invalid = NULL WHERE rkey = $1", bad.key.rkey)
    await pool.execute("DELETE FROM plyr_track")
    progress = await made().run(pool)
    assert progress.revalidated == 2
    assert await pool.fetch("SELECT rkey, invalid FROM record ORDER BY rkey") == [
        (good.key.rkey, None),
        (bad.key.rkey, bad.invalid),
    ]
    assert [rkey for (rkey,) in await pool.fetch("SELECT rkey FROM visible_track")] == [good.key.rkey]
    assert (await made().run(pool)).revalidated == 0


async def test_a_record_that_its_projection_fails_on_is_marked_and_the_others_show(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = await Book.open(pool)
    for rkey in RKEYS:
        await book.put(records.TRACK, records.track(title="poison" if rkey == RKEYS[3] else "fine"), rkey=rkey)
    write = projections.write

    async def failing(connection: Any, puts: Any, drops: Any) -> None:
        if any(put.value.get("title") == "poison" for put in puts):
            raise ValueError("no")
        await write(connection, puts, drops)

    monkeypatch.setattr(projections, "write", failing)
    progress = await made().run(pool)
    assert progress.not_projected == 1
    reasons = await pool.fetch("SELECT rkey, invalid FROM record WHERE invalid IS NOT NULL")
    assert reasons == [(RKEYS[3], "not projected: ValueError('no')")]
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == len(RKEYS) - 1
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_written_hidden_and_purged_meanwhile_is_in_the_result(pool: Pool, seed: int) -> None:
    book = await lived(pool, seed, steps=30)
    done = asyncio.Event()

    async def live(account_id: int) -> int:
        chances, steps = random.Random(seed * 100 + account_id), 0
        while not done.is_set():
            with contextlib.suppress(asyncpg.DeadlockDetectedError):
                await a_step(book, chances, account_id)
                steps += 1
            await asyncio.sleep(0)
        return steps

    async def reindex() -> Progress:
        try:
            return await made(number=5).run(pool)
        finally:
            done.set()

    progress, *steps = await asyncio.gather(reindex(), *(live(each) for each in range(1, ACCOUNTS)))
    assert min(steps) > 1
    assert progress.changes > 0
    assert await stored(pool) == expected(book)
    after = await everything(pool)
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert await everything(pool) == after


async def test_readers_see_the_same_all_the_time(pool: Pool, reader: Pool) -> None:
    await lived(pool, 5)
    queries = [
        f"SELECT v::text FROM {view} v ORDER BY 1" for view in ("visible_totals", "visible_track", "visible_like")
    ]
    queries.append(
        "SELECT (t, l, p)::text FROM visible_like l JOIN visible_track t ON t.uri = l.subject"
        " JOIN visible_profile p ON p.account_id = l.account_id ORDER BY 1"
    )
    expected_answers = [await reader.fetch(query) for query in queries]
    done = asyncio.Event()

    async def read(number: int) -> int:
        reads = 0
        while not done.is_set():
            which = (number + reads) % len(queries)
            assert await reader.fetch(queries[which]) == expected_answers[which]
            reads += 1
        return reads

    async def reindex() -> None:
        try:
            for _ in range(3):
                await made().run(pool)
        finally:
            done.set()

    _, *reads = await asyncio.gather(reindex(), *(read(number) for number in range(4)))
    assert min(reads) > 10


async def test_a_long_reader_is_waited_for_and_does_not_hold_up_the_others(pool: Pool, reader: Pool) -> None:
    await lived(pool, 6)
    async with reader.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.fetch("SELECT FROM visible_track")
        running = asyncio.create_task(made().run(pool))
        answered = 0.0
        for _ in range(20):
            began = asyncio.get_running_loop().time()
            await reader.fetch("SELECT FROM visible_track")
            answered = max(answered, asyncio.get_running_loop().time() - began)
            await asyncio.sleep(0.1)
        assert not running.done()
        await transaction.commit()
    progress = await running
    assert progress.attempts > 1
    assert answered < 1.0


async def test_when_the_tables_are_never_free_all_stays_as_it_was(pool: Pool, reader: Pool) -> None:
    await lived(pool, 7)
    await pool.execute("DELETE FROM plyr_like")
    before = await everything(pool)
    async with reader.acquire() as slow, slow.transaction():
        await slow.fetch("SELECT FROM visible_totals")
        with pytest.raises(ReindexBlocked):
            await made(patience=Patience(1.0, 0.1, 1.0)).run(pool)
    assert await everything(pool) == before
    assert await left_overs(pool) == []


async def test_one_at_a_time(pool: Pool) -> None:
    await lived(pool, 8)
    begun = asyncio.Event()
    first = asyncio.create_task(made(number=5, show=lambda _: begun.set()).run(pool))
    await begun.wait()
    with pytest.raises(ReindexRunning):
        await made().run(pool)
    await first


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_one_that_is_cancelled_leaves_nothing(pool: Pool, after: int) -> None:
    await lived(pool, 9)
    await pool.execute("DELETE FROM plyr_like")
    before, shown = await everything(pool), 0

    def show(_: Progress) -> None:
        nonlocal shown
        shown += 1
        if shown > after:
            task.cancel()

    task = asyncio.create_task(made(number=5, show=show).run(pool))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await everything(pool) == before
    assert await left_overs(pool) == []


async def test_one_whose_session_is_killed_changes_nothing_and_the_next_begins_afresh(
    pool: Pool, database_url: str
) -> None:
    book = await lived(pool, 10)
    await pool.execute("DELETE FROM plyr_like")
    spoilt = await everything(pool)

    other = await asyncpg.create_pool(database_url, min_size=1, max_size=1)

    def kill(progress: Progress) -> None:
        if progress.records > 20:
            other.terminate()

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await made(number=5, show=kill).run(other)
    assert await everything(pool) == spoilt
    assert "reindex" in await left_overs(pool)
    noted = await pool.fetchval("SELECT count(*) FROM reindex_change")
    await book.put(records.TRACK, records.track(), account_id=1)
    await book.purge(2)
    assert await pool.fetchval("SELECT count(*) FROM reindex_change") == noted
    await made().run(pool)
    assert await stored(pool) == expected(book)
    assert await left_overs(pool) == []


async def test_a_record_that_changes_after_it_was_judged_is_judged_by_what_it_is_then(pool: Pool) -> None:
    book = await Book.open(pool)
    for rkey in RKEYS:
        await book.put(records.TRACK, records.track(), rkey=rkey)
    await pool.execute("UPDATE record SET invalid = 'by a rule of old'")
    changing: list[asyncio.Task[Any]] = []

    def show(progress: Progress) -> None:
        if progress.records == 2:
            changing.append(asyncio.create_task(book.put(records.TRACK, records.track(title=None), rkey=RKEYS[0])))
            changing.append(asyncio.create_task(book.put(records.TRACK, records.track(), rkey=RKEYS[1])))

    await made(number=2, show=show).run(pool)
    await asyncio.gather(*changing)
    found = dict(await pool.fetch("SELECT rkey, invalid FROM record"))
    assert [rkey for rkey, invalid in found.items() if invalid] == [RKEYS[0]]
    assert await pool.fetchval("SELECT count(*) FROM plyr_track") == len(RKEYS) - 1
