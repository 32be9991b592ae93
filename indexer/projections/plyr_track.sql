-- name: drop
-- Delete tracks by key.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM plyr_track t
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE t.account_id = key.account_id AND t.rkey = key.rkey
RETURNING t.account_id, t.uri AS subject, (t.sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS tracks,
          coalesce(t.duration, 0) AS duration, t.tags;

-- name: purge
-- Delete all tracks of accounts.
-- $1 account_ids bigint[]
DELETE FROM plyr_track WHERE account_id = ANY($1);

-- name: contributed
-- What all tracks of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, uri AS subject, (sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS tracks, coalesce(duration, 0) AS duration, tags
FROM plyr_track
WHERE account_id = ANY($1);

-- name: clear
-- Delete all.
TRUNCATE plyr_track;
