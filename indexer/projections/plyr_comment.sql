-- name: drop
-- Delete comments by key.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM plyr_comment c
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE c.account_id = key.account_id AND c.rkey = key.rkey
RETURNING c.account_id, c.subject, (c.sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS comments;

-- name: purge
-- Delete all comments of accounts.
-- $1 account_ids bigint[]
DELETE FROM plyr_comment WHERE account_id = ANY($1);

-- name: contributed
-- What all comments of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, subject, (sort_at AT TIME ZONE 'UTC')::date AS day, count(*)::integer AS comments
FROM plyr_comment
WHERE account_id = ANY($1)
GROUP BY account_id, subject, day;

-- name: clear
-- Delete all.
TRUNCATE plyr_comment;
