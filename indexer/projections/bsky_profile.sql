-- name: drop
-- Delete profiles by key.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM bsky_profile p
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE p.account_id = key.account_id AND key.rkey = 'self';

-- name: purge
-- Delete the profiles of accounts.
-- $1 account_ids bigint[]
DELETE FROM bsky_profile WHERE account_id = ANY($1);

-- name: clear
-- Delete all.
TRUNCATE bsky_profile;
