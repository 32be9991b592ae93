-- name: drop
-- Delete profiles by key.
-- $1 account_ids bigint[], $2 rkeys text[], $3 alphas boolean[]
DELETE FROM teal_profile p
USING unnest($1::bigint[], $2::text[], $3::boolean[]) AS key (account_id, rkey, alpha)
WHERE p.account_id = key.account_id AND p.alpha = key.alpha AND key.rkey = 'self';

-- name: purge
-- Delete all profiles of accounts.
-- $1 account_ids bigint[]
DELETE FROM teal_profile WHERE account_id = ANY($1);

-- name: clear
-- Delete all.
TRUNCATE teal_profile;
