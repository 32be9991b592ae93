-- name: some_stored
-- The stored records of an account, up to a number.
-- $1 account_id bigint, $2 number bigint
SELECT collection, rkey, cid FROM record WHERE account_id = $1 LIMIT $2;

-- name: stored
-- All stored records of an account, as text.
-- $1 account_id bigint
SELECT collection, rkey, encode(cid, 'hex') FROM record WHERE account_id = $1;
