-- name: missing
-- Those of some items that are not there yet.
-- $1 kinds text[], $2 keys uuid[]
SELECT w.kind, w.key
FROM unnest($1::text[], $2::uuid[]) AS w (kind, key)
WHERE NOT EXISTS (SELECT FROM played p WHERE p.key = w.key AND p.kind = w.kind::played_kind);

-- name: add
-- Items that nobody has played yet, unless somebody else adds them at the same time. Gives those that were added.
-- $1 kinds text[], $2 keys uuid[], $3 names text[], $4 credits text[], $5 others integer[], $6 weights smallint[], $7 hashes bigint[], $8 squeezed text[], $9 words text[]
INSERT INTO played (kind, key, name, credit, other_plays, weight, name_hash, squeezed, words)
SELECT kind::played_kind, key, name, credit, other_plays, weight, name_hash, squeezed, words::tsvector
FROM unnest(
        $1::text[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::smallint[], $7::bigint[], $8::text[], $9::text[]
    ) AS new (kind, key, name, credit, other_plays, weight, name_hash, squeezed, words)
ORDER BY key, kind
ON CONFLICT (key, kind) DO NOTHING
RETURNING id, kind::text AS kind, key;

-- name: lock
-- Items as they are, by their places among those asked for; nobody else changes them before the transaction ends.
-- $1 kinds text[], $2 keys uuid[]
SELECT w.place, p.id, p.other_plays, p.name, p.credit
FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS w (kind, key, place)
JOIN played p ON p.key = w.key AND p.kind = w.kind::played_kind
ORDER BY p.id
FOR NO KEY UPDATE OF p;

-- name: count
-- Add to what stands there. Gives how often each is played now.
-- $1 items integer[], $2 kinds text[], $3 plays integer[], $4 listeners integer[]
INSERT INTO played_total AS t (item, kind, plays, listeners)
SELECT item, kind::played_kind, plays, listeners
FROM unnest($1::integer[], $2::text[], $3::integer[], $4::integer[]) AS d (item, kind, plays, listeners)
ON CONFLICT (item) DO UPDATE SET plays = t.plays + EXCLUDED.plays, listeners = t.listeners + EXCLUDED.listeners
RETURNING item, plays;

-- name: count_recent
-- The same in the windows.
-- $1 items integer[], $2 kinds text[], $3 plays_365 integer[], $4 plays_180 integer[], $5 plays_90 integer[], $6 plays_61 integer[], $7 plays_30 integer[], $8 plays_15 integer[], $9 plays_7 integer[], $10 plays_3 integer[], $11 plays_1 integer[], $12 listeners_365 integer[], $13 listeners_180 integer[], $14 listeners_90 integer[], $15 listeners_30 integer[], $16 listeners_7 integer[], $17 listeners_1 integer[]
INSERT INTO played_recent AS r (
    item, kind, plays_365, plays_180, plays_90, plays_61, plays_30, plays_15, plays_7, plays_3, plays_1,
    listeners_365, listeners_180, listeners_90, listeners_30, listeners_7, listeners_1
)
SELECT item, kind::played_kind, plays_365, plays_180, plays_90, plays_61, plays_30, plays_15, plays_7, plays_3, plays_1,
       listeners_365, listeners_180, listeners_90, listeners_30, listeners_7, listeners_1
FROM unnest(
    $1::integer[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[],
    $9::integer[], $10::integer[], $11::integer[], $12::integer[], $13::integer[], $14::integer[], $15::integer[],
    $16::integer[], $17::integer[]
) AS d (
    item, kind, plays_365, plays_180, plays_90, plays_61, plays_30, plays_15, plays_7, plays_3, plays_1,
    listeners_365, listeners_180, listeners_90, listeners_30, listeners_7, listeners_1
)
ON CONFLICT (item) DO UPDATE
SET plays_365 = r.plays_365 + EXCLUDED.plays_365,
    plays_180 = r.plays_180 + EXCLUDED.plays_180,
    plays_90 = r.plays_90 + EXCLUDED.plays_90,
    plays_61 = r.plays_61 + EXCLUDED.plays_61,
    plays_30 = r.plays_30 + EXCLUDED.plays_30,
    plays_15 = r.plays_15 + EXCLUDED.plays_15,
    plays_7 = r.plays_7 + EXCLUDED.plays_7,
    plays_3 = r.plays_3 + EXCLUDED.plays_3,
    plays_1 = r.plays_1 + EXCLUDED.plays_1,
    listeners_365 = r.listeners_365 + EXCLUDED.listeners_365,
    listeners_180 = r.listeners_180 + EXCLUDED.listeners_180,
    listeners_90 = r.listeners_90 + EXCLUDED.listeners_90,
    listeners_30 = r.listeners_30 + EXCLUDED.listeners_30,
    listeners_7 = r.listeners_7 + EXCLUDED.listeners_7,
    listeners_1 = r.listeners_1 + EXCLUDED.listeners_1;

-- name: drop_recent
-- Those of some items that are in no window any more.
-- $1 items integer[]
DELETE FROM played_recent WHERE item = ANY ($1) AND plays_365 = 0;

-- name: count_on_releases
-- Add to how often recordings were played as part of releases.
-- $1 releases integer[], $2 recordings integer[], $3 plays integer[]
INSERT INTO played_on AS o (release, recording, plays)
SELECT * FROM unnest($1::integer[], $2::integer[], $3::integer[])
ON CONFLICT (release, recording) DO UPDATE SET plays = o.plays + EXCLUDED.plays;

-- name: drop_from_releases
-- Those of some recordings and releases that nobody has played together any more, row by row as in tag_tracks.
-- $1 releases integer[], $2 recordings integer[]
DELETE FROM played_on o
USING unnest($1::integer[], $2::integer[]) AS w (release, recording)
CROSS JOIN LATERAL (
    SELECT h.ctid FROM played_on h WHERE h.release = w.release AND h.recording = w.recording AND h.plays = 0 OFFSET 0
) idle
WHERE o.ctid = idle.ctid;

-- name: drop
-- Items that nobody has played any more. Gives the words by which they were found.
-- $1 items integer[]
WITH unlinked AS (
    DELETE FROM played_by WHERE item = ANY ($1)
),
uncounted AS (
    DELETE FROM played_total WHERE item = ANY ($1)
)
DELETE FROM played WHERE id = ANY ($1) RETURNING tsvector_to_array(words) AS words;

-- name: count_listeners
-- Add to how much accounts have played.
-- $1 account_ids bigint[], $2 plays integer[], $3 plays_365 integer[], $4 plays_180 integer[], $5 plays_90 integer[], $6 plays_30 integer[], $7 plays_7 integer[], $8 plays_1 integer[]
INSERT INTO listener AS l (account_id, plays, plays_365, plays_180, plays_90, plays_30, plays_7, plays_1)
SELECT * FROM unnest(
    $1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[]
)
ON CONFLICT (account_id) DO UPDATE
SET plays = l.plays + EXCLUDED.plays,
    plays_365 = l.plays_365 + EXCLUDED.plays_365,
    plays_180 = l.plays_180 + EXCLUDED.plays_180,
    plays_90 = l.plays_90 + EXCLUDED.plays_90,
    plays_30 = l.plays_30 + EXCLUDED.plays_30,
    plays_7 = l.plays_7 + EXCLUDED.plays_7,
    plays_1 = l.plays_1 + EXCLUDED.plays_1;

-- name: drop_listeners
-- Those of accounts that have played nothing any more.
-- $1 account_ids bigint[]
DELETE FROM listener WHERE account_id = ANY ($1) AND plays = 0;

-- name: plays_of
-- All plays of accounts that count.
-- $1 account_ids bigint[]
SELECT p.account_id, p.played_at, p.recording, p.release, p.track_name, p.release_name, p.artist_names, p.artist_mbids
FROM teal_play p
WHERE p.account_id = ANY ($1) AND p.canonical;

-- name: reach
-- The moment of a play some way on.
-- $1 since timestamptz, $2 until timestamptz, $3 number bigint
SELECT p.played_at
FROM teal_play p
WHERE p.canonical AND p.played_at >= $1 AND p.played_at < $2
ORDER BY p.played_at
OFFSET $3
LIMIT 1;

-- name: leaving
-- The plays of a time that are counted, by item, and the accounts that have not heard it since.
-- $1 since timestamptz, $2 until timestamptz, $3 until_minute integer
WITH heard AS (
    SELECT p.account_id, item.kind, item.key, count(*) AS plays
    FROM teal_play p
    CROSS JOIN LATERAL (
        SELECT 'recording'::played_kind AS kind, p.recording AS key
        UNION ALL
        SELECT 'release', p.release
        UNION ALL
        SELECT 'artist', artist FROM unnest(p.artists) AS artist
    ) AS item
    WHERE p.canonical AND p.played_at >= $1 AND p.played_at < $2
        AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = p.account_id AND c.hidden)
    GROUP BY p.account_id, item.kind, item.key
)
SELECT i.id, i.kind::text AS kind, sum(h.plays)::integer AS plays, count(*) FILTER (WHERE l.last_minute < $3)::integer AS listeners
FROM heard h
JOIN played i ON i.key = h.key AND i.kind = h.kind
JOIN listening l ON l.account_id = h.account_id AND l.kind = i.kind AND l.item = i.id
GROUP BY i.id;

-- name: accounts_leaving
-- The plays of a time that are counted, by account.
-- $1 since timestamptz, $2 until timestamptz
SELECT p.account_id, count(*)::integer AS plays
FROM teal_play p
WHERE p.canonical AND p.played_at >= $1 AND p.played_at < $2
    AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = p.account_id AND c.hidden)
GROUP BY p.account_id
ORDER BY p.account_id;

-- name: hidden
-- Those of some accounts of which nothing is counted.
-- $1 account_ids bigint[]
SELECT account_id FROM actor_count WHERE account_id = ANY ($1) AND hidden;

-- name: clear
-- Nobody has played anything.
TRUNCATE played, played_total, played_recent, played_name, played_by, played_on, played_word, listening, listener RESTART IDENTITY;
