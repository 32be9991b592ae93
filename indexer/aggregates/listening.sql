-- name: listening
-- What accounts have heard of items, as it stands.
-- $1 account_ids bigint[], $2 kinds text[], $3 items integer[]
SELECT l.account_id, l.item, l.plays, l.last_minute
FROM unnest($1::bigint[], $2::text[], $3::integer[]) AS w (account_id, kind, item)
JOIN listening l ON l.account_id = w.account_id AND l.kind = w.kind::played_kind AND l.item = w.item;

-- name: heard_before
-- What counts of an account's plays, some at a time, from the latest before a place in their order on.
-- $1 account_id bigint, $2 played_at timestamptz, $3 recording uuid
SELECT p.played_at, p.recording, p.release, p.artists
FROM teal_play p
WHERE p.account_id = $1 AND p.canonical AND (p.played_at, p.recording) < ($2::timestamptz, $3::uuid)
ORDER BY p.played_at DESC, p.recording DESC
LIMIT 500;

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
