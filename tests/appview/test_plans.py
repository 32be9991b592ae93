"""How queries go about large tables: they find their way by indexes, and read none that grows from end to end."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

from appview import auth, health, queries
from runtime import db
from runtime.sql import Queries, Query

ROWS = 100_000
FILLING = 120.0  # seconds at most
PEOPLE = 20_000
# Made so that every table that grows is large to the planner; what the rows say matters little.
LARGE = f"""
INSERT INTO account (did) SELECT 'did:plc:' || md5(i::text) FROM generate_series(1, {PEOPLE}) i;
INSERT INTO identity (account_id, handle, handle_valid, pds, stale)
SELECT id, 'h' || id || '.example.com', true, 'https://pds.example.com', false FROM account;
INSERT INTO repo (account_id, state) SELECT id, 'synced' FROM account;
INSERT INTO visibility (account_id, subject, cause, hides_list, hides_view)
SELECT id, '', 'account', true, true FROM account WHERE id % 20 = 0;
INSERT INTO visibility (account_id, subject, cause, hides_list, hides_view)
SELECT i % {PEOPLE} + 1, 'fm.plyr.track/r' || i, 'label', true, false FROM generate_series(1, {PEOPLE}) i;
INSERT INTO actor_name (account_id, display_name) SELECT id, 'Name ' || id FROM account;
INSERT INTO plyr_profile (account_id, created_at, indexed_at) SELECT id, now(), now() FROM account;
INSERT INTO bsky_profile (account_id, indexed_at, display_name) SELECT id, now(), 'Name ' || id FROM account;
INSERT INTO teal_profile (account_id, indexed_at, alpha, display_name) SELECT id, now(), false, 'N' || id FROM account;
INSERT INTO teal_status (account_id, started_at, expires_at, indexed_at, alpha, artist_names)
SELECT id, now(), now() + id % 100 * interval '1 minute' - interval '99 minutes', now(), false, '{{}}' FROM account;
INSERT INTO actor_count (account_id, track_count) SELECT id, 5 FROM account;
INSERT INTO plyr_track (
    account_id, sort_at, created_at, indexed_at, rkey, uri, cid, title, artist, file_type, audio_url, tags, features,
    self_labels, record
)
SELECT i % {PEOPLE} + 1, now() - i * interval '1 minute', now(), now(), 'r' || i,
       'at://did:plc:' || md5((i % {PEOPLE} + 1)::text) || '/fm.plyr.track/r' || i, 'cid', 'Title ' || i, 'Artist',
       'mp3', 'https://audio.example.com', ARRAY['t' || i % 50], '{{}}', '{{}}', '{{}}'
FROM generate_series(1, {ROWS}) i;
INSERT INTO tag_track (account_id, sort_at, likes, plays, tag, rkey)
SELECT account_id, sort_at, length(rkey), 1, tags[1], rkey FROM plyr_track;
INSERT INTO record_link (account_id, sort_at, link, collection, rkey)
SELECT account_id, sort_at, md5(length(rkey)::text)::uuid, 'fm.plyr.like', rkey FROM plyr_track;
INSERT INTO link_count (link, records, accounts) SELECT md5(rkey)::uuid, 1, 1 FROM plyr_track;
INSERT INTO record (account_id, collection, rkey, cid, rev, indexed_at, value)
SELECT account_id, 'fm.plyr.track', rkey, '', '', now(), '' FROM plyr_track;
INSERT INTO subject_count (owner, like_count, comment_count, subject)
SELECT account_id, length(rkey), 1, uri FROM plyr_track;
INSERT INTO plyr_like (account_id, sort_at, created_at, indexed_at, canonical, rkey, uri, subject)
SELECT i % {PEOPLE} + 1, t.sort_at, now(), now(), true, 'l' || i, 'like' || i, t.uri
FROM generate_series(1, {ROWS}) i JOIN plyr_track t ON t.rkey = 'r' || (i * 7 % 1000 + 1);
INSERT INTO plyr_comment (
    account_id, sort_at, created_at, indexed_at, timestamp_ms, rkey, uri, cid, subject, subject_cid, text
)
SELECT account_id, sort_at, now(), now(), 1, rkey, 'comment' || rkey, 'cid', subject, 'cid', 'text' FROM plyr_like;
INSERT INTO teal_play (
    account_id, played_at, indexed_at, recording, alpha, canonical, shadowed, rkey, cid, track_name, artist_names,
    artists
)
SELECT account_id, sort_at, now(), md5(rkey)::uuid, false, true, false, rkey, 'cid', title, '{{A}}', '{{}}'
FROM plyr_track;
INSERT INTO plyr_list (account_id, sort_at, created_at, indexed_at, item_count, guest_count, rkey, uri, cid, list_type)
SELECT account_id, sort_at, now(), now(), 5, 4, rkey, replace(uri, 'track', 'list'), 'cid',
       (ARRAY['album', 'playlist'])[length(rkey) % 2 + 1]
FROM plyr_track;
INSERT INTO plyr_list_item (account_id, sort_at, place, repeated, own, rkey, subject)
SELECT l.account_id, l.sort_at, i, false, i = 0, l.rkey, t.uri
FROM plyr_list l
CROSS JOIN generate_series(0, 2) i
JOIN plyr_track t ON t.rkey = 'r' || (substr(l.rkey, 2)::integer * (1 + i * 7) % {ROWS} + 1);
INSERT INTO album (
    account_id, since, track_count, guest_count, by_list, total_duration, album, title, slug, stem, by_title, uri
)
SELECT account_id, sort_at, 1, length(rkey) % 2, true, 1, rkey, rkey, rkey, rkey, rkey, uri FROM plyr_list;
INSERT INTO album_track (account_id, sort_at, by_list, rkey, album)
SELECT account_id, sort_at, true, rkey, rkey FROM plyr_track;
INSERT INTO tag_count (track_count, tag) SELECT i % 100 + 1, 'tag ' || i FROM generate_series(1, {ROWS}) i;
UPDATE teal_play SET track_uri = 'at://did:plc:a/fm.plyr.track/' || rkey WHERE recording::text < '1';
INSERT INTO ranked_track (account_id, indexed_at, sort_at, name, play_count, rkey, uri, tags)
SELECT account_id, indexed_at, sort_at, md5(title)::uuid, 1, rkey, uri, tags FROM plyr_track;
INSERT INTO track_play (account_id, owner, day, alpha, rkey, subject)
SELECT account_id, account_id, '2026-01-01', false, rkey, uri FROM plyr_track;
INSERT INTO subject_day (day, likes, comments, subject) SELECT sort_at::date, 1, 1, uri FROM plyr_track;
INSERT INTO heard_day (day, plays, subject) SELECT sort_at::date, 1, uri FROM plyr_track;
INSERT INTO track_recent (
    likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1, both_61, both_15, both_3,
    track, subject
)
SELECT n, n / 2, n / 4, n / 8, n, n / 2, n / 4, n / 8, n, n / 2, n / 4, true, uri
FROM (
    SELECT uri, row_number() OVER (ORDER BY uri) % 100 AS n FROM plyr_track
) t;
INSERT INTO actor_day (account_id, day, tracks, likes, comments)
SELECT account_id, sort_at::date, 1, 1, 1 FROM plyr_track ON CONFLICT DO NOTHING;
INSERT INTO listener_day (account_id, day, plays) SELECT account_id, day, 1 FROM actor_day;
INSERT INTO total_day (tracks, likes, comments, day, slot)
SELECT 1, 1, 1, '2020-01-01'::date + i, slot FROM generate_series(1, 2500) i CROSS JOIN generate_series(0, 15) slot;
INSERT INTO heard_total_day (plays, listeners, day, slot) SELECT 1, 1, day, slot FROM total_day;
INSERT INTO track_listener (owner, account_id, plays) SELECT id, id, 1 FROM account;
INSERT INTO heard_actor (account_id, play_count, listener_count) SELECT id, 1, 1 FROM account;
INSERT INTO heard_tag (play_count, tag) SELECT i, 'tag ' || i FROM generate_series(1, {ROWS}) i;
INSERT INTO search_document (kind, account_id, key, popularity, name, alias, artist, tags, words)
SELECT k.kind, t.account_id, t.rkey, i % 9, 'title' || i, 'h' || i, 'artist', t.tags, ('title w' || i % 5000)::tsvector
FROM (
    SELECT *, row_number() OVER (ORDER BY rkey) AS i FROM plyr_track
) t
CROSS JOIN unnest(ARRAY['track', 'artist', 'album', 'playlist', 'tag']) AS k (kind)
WHERE i % CASE WHEN k.kind = 'track' THEN 2 ELSE 20 END = 0;
INSERT INTO search_word (word, documents, marks)
SELECT md5(i::text), i % 1000 + 1, ARRAY(SELECT i * j % 10007 FROM generate_series(1, 10) j)
FROM generate_series(1, {PEOPLE}) i;
"""
CHARTS = f"""
INSERT INTO played_word (word, documents, marks) SELECT word, documents, marks FROM search_word;
INSERT INTO played (id, kind, other_plays, weight, key, name, credit, name_hash, squeezed, words)
SELECT i, (enum_range(NULL::played_kind))[i % 3 + 1], 0, 9 * 10 / i, md5(i::text)::uuid, 'Name ' || i,
       '[["A", "' || md5('A') || '"]]', i, 'name' || i, ('name w' || i % 5000)::tsvector
FROM generate_series(1, {ROWS}) i;
INSERT INTO played_total (item, kind, plays, listeners)
SELECT id, kind, 1 + {ROWS} / id, 1 + {ROWS} / id FROM played;
INSERT INTO played_recent (
    item, kind, plays_365, plays_180, plays_90, plays_61, plays_30, plays_15, plays_7, plays_3, plays_1,
    listeners_365, listeners_180, listeners_90, listeners_30, listeners_7, listeners_1
)
SELECT item, kind, n, n / 4, n / 8, n / 10, n / 16, n / 20, n / 32, n / 50, n / 64, n / 2, n / 4, n / 8, n / 16, n / 32,
       n / 64
FROM played_total CROSS JOIN LATERAL (SELECT plays AS n) AS n;
INSERT INTO played_by (artist, kind, item, names)
SELECT 3 * (i % 1000 + 1), kind, id, 1 FROM played CROSS JOIN LATERAL (SELECT id AS i) AS n WHERE kind <> 'artist';
INSERT INTO played_on (release, recording, plays)
SELECT 3 * (id % 1000) + 1, id, 1 FROM played WHERE kind = 'recording';
INSERT INTO listening (account_id, item, kind, plays, last_minute)
SELECT a.id, p.id, p.kind, 1 + p.id % 5, 1 FROM account a JOIN played p ON p.id % {PEOPLE} = a.id % {PEOPLE};
INSERT INTO listener (account_id, plays, plays_1, plays_7, plays_30, plays_90, plays_180, plays_365)
SELECT id, id, id % 2, id % 3, id % 4, id % 5, id % 6, id % 7 FROM account;
"""
# A row or a few for the whole instance.
SMALL = {"totals", "heard_total", "repo_total", "source_cursor", "instance", "chart_window"}


def every_query() -> Iterator[tuple[str, Query]]:
    groups = [
        importlib.import_module(f"{queries.__name__}.{each.name}") for each in pkgutil.iter_modules(queries.__path__)
    ]
    for group in (*groups, auth, health):
        for value in vars(group).values():
            if isinstance(value, Queries):
                yield from ((f"{group.__name__}.{name}", query) for name, query in value.described.items())


@pytest.mark.usefixtures("filled")
async def test_no_query_reads_a_table_that_grows_from_end_to_end(reader: db.Pool) -> None:
    plans: dict[str, str] = {}
    async with reader.acquire() as session:
        for number, (name, query) in enumerate(every_query()):
            await session.execute(f"PREPARE q{number} AS {query.text}")
            given = f"({', '.join(['NULL'] * len(query.parameters))})" if query.parameters else ""
            plans[name] = "\n".join(line for (line,) in await session.fetch(f"EXPLAIN EXECUTE q{number}{given}"))
    scanned = {name: set(re.findall(r"Seq Scan on (\w+)", plan)) - SMALL for name, plan in plans.items()}
    assert {name: tables for name, tables in scanned.items() if tables} == {}


@pytest.fixture
async def filled(pool: db.Pool) -> None:
    async with pool.acquire() as session:
        await session.execute(LARGE, timeout=FILLING)
        await session.execute(CHARTS, timeout=FILLING)
        await session.execute("ANALYZE")
