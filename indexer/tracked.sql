-- name: accounts_after
-- A page of the accounts added after one, in order.
-- $1 after bigint, $2 page bigint
SELECT id, did FROM account WHERE id > $1 ORDER BY id LIMIT $2;
