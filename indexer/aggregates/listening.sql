-- name: listening
-- What accounts have heard of items, as it stands.
-- $1 account_ids bigint[], $2 kinds text[], $3 items integer[]
SELECT l.account_id, l.item, l.plays, l.last_minute
FROM unnest($1::bigint[], $2::text[], $3::integer[]) AS w (account_id, kind, item)
JOIN listening l ON l.account_id = w.account_id AND l.kind = w.kind::played_kind AND l.item = w.item;

-- name: last_heard
-- When accounts have heard items last, by their plays.
-- $1 account_ids bigint[], $2 kinds text[], $3 keys uuid[]
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[]) AS w (account_id, kind, key)
)
SELECT w.account_id, w.kind, w.key, max(p.played_at) AS played_at
FROM (SELECT DISTINCT account_id FROM wanted) AS account
JOIN teal_play p ON p.account_id = account.account_id AND p.canonical
CROSS JOIN LATERAL (
    SELECT 'recording' AS kind, p.recording AS key
    UNION ALL
    SELECT 'release', p.release
    UNION ALL
    SELECT 'artist', artist FROM unnest(p.artists) AS artist
) AS item
JOIN wanted w ON w.account_id = p.account_id AND w.kind = item.kind AND w.key = item.key
GROUP BY w.account_id, w.kind, w.key;

-- name: relisten
-- What accounts have heard is this now.
-- $1 account_ids bigint[], $2 kinds text[], $3 items integer[], $4 plays integer[], $5 minutes integer[]
INSERT INTO listening AS l (account_id, kind, item, plays, last_minute)
SELECT account_id, kind::played_kind, item, plays, minute
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::integer[])
    AS heard (account_id, kind, item, plays, minute)
ON CONFLICT (account_id, kind, item) DO UPDATE
SET plays = EXCLUDED.plays, last_minute = EXCLUDED.last_minute;

-- name: forget
-- Accounts have not heard these any more.
-- $1 account_ids bigint[], $2 kinds text[], $3 items integer[]
DELETE FROM listening l
USING unnest($1::bigint[], $2::text[], $3::integer[]) AS gone (account_id, kind, item)
WHERE l.account_id = gone.account_id AND l.kind = gone.kind::played_kind AND l.item = gone.item;
