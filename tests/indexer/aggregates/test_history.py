"""Whatever happens in whatever order, the tables are what a plain recount says, and what a rebuild makes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import projections
from indexer.aggregates import played, recent
from runtime.db import Pool
from tests.indexer.projections import records
from tests.indexer.projections.records import Book, Key

from .recount import TABLES, everything, expected, slots, stored, track_uri

ACCOUNTS = (1, 2, 17)  # two of them in one slot of the totals
RKEYS = ("3kaaaaaaaaa2a", "3kaaaaaaaaa2b", "odd_key")
MOMENTS = ("2026-02-01T10:00:00Z", "2026-02-01T10:00:01Z", "2026-01-31T23:59:59.999Z")
ALBUMS = ("Mezzanine", "mezzanine ", "Mezzanine 2", "Mezzaniné", "\u591c", " ")
SUBJECTS = tuple(track_uri(account_id, rkey) for account_id in ACCOUNTS[:2] for rkey in RKEYS[:2])

tracks = st.builds(
    records.track,
    duration=st.sampled_from([None, 0, 100, 2**63 - 1]),
    tags=st.sampled_from([None, ["a"], ["a", "b"], ["b"]]),
    audioBlob=st.sampled_from([records.BLOB, records.BLOB, None]),
    title=st.sampled_from(["Angel", "angel ", "Teardrop", None]),
    createdAt=st.sampled_from(MOMENTS),
    album=st.sampled_from([*ALBUMS, None]),
    imageUrl=st.sampled_from([None, "https://example.com/1.png", "https://example.com/2.png"]),
)
lists = st.builds(
    records.track_list,
    st.lists(st.sampled_from(SUBJECTS), max_size=4),
    name=st.sampled_from([*ALBUMS, None]),
    listType=st.sampled_from(["album", "album", "playlist", "liked", None]),
    createdAt=st.sampled_from(MOMENTS),
)
likes = st.builds(records.like, st.sampled_from(SUBJECTS), createdAt=st.sampled_from(MOMENTS))
comments = st.builds(records.comment, st.sampled_from(SUBJECTS), createdAt=st.sampled_from(MOMENTS))
plays = st.builds(
    records.play,
    trackName=st.sampled_from(["Angel", "Teardrop", ""]),
    playedTime=st.sampled_from(MOMENTS),
    originUri=st.sampled_from([None, *SUBJECTS, f"https://plyr.fm/embed?uri={quote(SUBJECTS[0], safe='')}"]),
    musicServiceUri=st.sampled_from(["https://plyr.fm", "https://plyr.fm", "https://spotify.com", None]),
)
statuses = st.builds(records.status, time=st.sampled_from(MOMENTS))
VALUES = {
    records.TRACK: tracks,
    records.LIKE: likes,
    records.COMMENT: comments,
    records.LIST: lists,
    records.PLAY: plays,
    records.ALPHA_PLAY: plays,
    records.STATUS: statuses,
    records.BSKY_PROFILE: st.sampled_from([{"displayName": "Robert"}, {"displayName": "Angel"}, {}]),
}


@st.composite
def changes(draw: st.DrawFn) -> tuple[Key, Any]:
    collection = draw(st.sampled_from(sorted(VALUES)))
    rkey = "self" if collection in (records.STATUS, records.BSKY_PROFILE) else draw(st.sampled_from(RKEYS))
    value = draw(st.none() | VALUES[collection])
    return (draw(st.sampled_from(ACCOUNTS)), collection, rkey), value


seen_after = st.sampled_from([0, 1, 2])  # minutes
batches = st.tuples(st.just("write"), st.tuples(seen_after, st.lists(changes(), min_size=1, max_size=12).map(dict)))
fates = st.tuples(st.sampled_from(["hide", "show", "purge"]), st.sampled_from(ACCOUNTS))
histories = st.lists(batches | batches | fates, min_size=1, max_size=12)


async def follow(book: Book, step: tuple[str, Any]) -> None:
    kind, what = step
    if kind == "write":
        minutes, changed = what
        at = records.NOW + timedelta(minutes=minutes)
        rows = [
            records.row(collection, value, account_id=account_id, rkey=rkey)._replace(indexed_at=at)
            for (account_id, collection, rkey), value in changed.items()
            if value is not None
        ]
        await book.write(rows, [key for key, value in changed.items() if value is None])
    else:
        await getattr(book, kind)(what)


async def emptied(pool: Pool) -> Book:
    tables = (*TABLES, *played.FOLLOWER.tables[1:], *recent.FOLLOWER.tables)
    await pool.execute(f"TRUNCATE account, record, {', '.join(tables)} CASCADE")
    for table in ("totals", "heard_total"):
        await pool.execute(f"INSERT INTO {table} (slot) SELECT generate_series(0, 15)")
    return await Book.open(pool, accounts=max(ACCOUNTS))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
async def test_after_every_step_the_tables_equal_a_recount_and_at_last_a_rebuild(
    pool: Pool, history: list[tuple[str, Any]]
) -> None:
    book = await emptied(pool)
    for step in history:
        await follow(book, step)
        assert await stored(pool) == expected(book)
    before = await everything(pool)
    async with pool.acquire() as connection, connection.transaction():
        await projections.rebuild(connection)
    assert await everything(pool) == before


async def test_totals_stand_in_the_slot_of_their_account(pool: Pool) -> None:
    book = await emptied(pool)
    for account_id in ACCOUNTS:
        await book.put(records.TRACK, records.track(duration=10), account_id=account_id)
        await book.put(records.PLAY, records.play(), account_id=account_id)
    found = {slot: counts for slot, counts in (await slots(pool)).items() if any(counts)}
    assert found == {1: (2, 2, 2, 20), 2: (1, 1, 1, 10)}


async def test_nothing_is_left_of_a_purged_account(pool: Pool) -> None:
    book = await emptied(pool)
    before = await everything(pool)
    play = records.play(originUri=SUBJECTS[0])
    for collection, values in ((records.TRACK, records.track(tags=["a"])), (records.PLAY, play)):
        await book.put(collection, values)
    await book.put(records.LIKE, records.like(SUBJECTS[3]))
    await book.put(records.COMMENT, records.comment(SUBJECTS[3]))
    await book.put(records.LIST, records.track_list(SUBJECTS[:1]))
    for collection in (records.PLYR_PROFILE, records.BSKY_PROFILE, records.TEAL_PROFILE, records.ALPHA_PROFILE):
        await book.put(collection, {"createdAt": records.CREATED}, rkey="self")
    await book.put(records.STATUS, records.status(), rkey="self")
    filled = await everything(pool)
    assert [table for table in TABLES if filled[table] == before[table]] == []
    await book.purge(1)
    assert await everything(pool) == before
