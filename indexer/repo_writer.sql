-- name: hold
-- Take the rows of repos whose leases still hold and that have the portions before these, in the order of their ids.
-- $1 account_ids bigint[], $2 leases bigint[], $3 portions integer[]
SELECT r.account_id, r.refetch
FROM repo r
JOIN unnest($1::bigint[], $2::bigint[], $3::integer[]) AS c (account_id, lease, portion)
    ON c.account_id = r.account_id AND c.lease = r.lease AND c.portion = r.portions
WHERE r.state = 'syncing'
ORDER BY r.account_id
FOR UPDATE OF r;

-- name: go_on
-- Of these repos more is to come.
-- $1 account_ids bigint[]
UPDATE repo SET portions = portions + 1 WHERE account_id = ANY ($1::bigint[]);

-- name: confirm
-- All that is stored of these repos is what their verified heads hold.
-- $1 account_ids bigint[]
WITH confirmed AS (
    UPDATE record c
    SET unsigned = false, rev = least(c.rev, r.rev)
    FROM repo r
    WHERE r.account_id = ANY ($1::bigint[]) AND c.account_id = r.account_id AND c.unsigned
)
UPDATE repo
SET unsigned_rev = NULL, unsigned_since = NULL
WHERE account_id = ANY ($1::bigint[]) AND unsigned_since IS NOT NULL;

-- name: settle
-- Repos that are stored as their hosts have them.
-- $1 account_ids bigint[]
UPDATE repo
SET state = 'synced', priority = 0, attempts = 0, lease_until = NULL, last_error = NULL, synced_at = now()
WHERE account_id = ANY ($1::bigint[]);

-- name: awaited
-- Those of some accounts for whose repos events wait.
-- $1 account_ids bigint[]
SELECT a.did
FROM account a
WHERE a.id = ANY ($1::bigint[]) AND EXISTS (SELECT FROM buffered_event b WHERE b.account_id = a.id)
ORDER BY a.id;
