-- name: drop
-- Delete tracks by key, and their tags.
-- $1 account_ids bigint[], $2 rkeys text[]
WITH gone AS (
    DELETE FROM plyr_track t
    USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
    WHERE t.account_id = key.account_id AND t.rkey = key.rkey
    RETURNING t.account_id, t.rkey, t.uri, t.duration, t.sort_at, t.tags
),
untagged AS (
    DELETE FROM plyr_track_tag g
    USING gone, unnest(gone.tags) AS old (tag)
    WHERE g.tag = old.tag AND g.sort_at = gone.sort_at AND g.account_id = gone.account_id AND g.rkey = gone.rkey
)
SELECT account_id, uri AS subject, (sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS tracks, coalesce(duration, 0) AS duration, tags
FROM gone;

-- name: purge
-- Delete all tracks of accounts, and their tags.
-- $1 account_ids bigint[]
WITH gone AS (
    DELETE FROM plyr_track WHERE account_id = ANY($1) RETURNING account_id, rkey, sort_at, tags
)
DELETE FROM plyr_track_tag g
USING gone, unnest(gone.tags) AS old (tag)
WHERE g.tag = old.tag AND g.sort_at = gone.sort_at AND g.account_id = gone.account_id AND g.rkey = gone.rkey;

-- name: contributed
-- What all tracks of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, uri AS subject, (sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS tracks, coalesce(duration, 0) AS duration, tags
FROM plyr_track
WHERE account_id = ANY($1);

-- name: clear
-- Delete all.
TRUNCATE plyr_track, plyr_track_tag;
