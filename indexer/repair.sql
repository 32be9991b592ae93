-- name: is_indexed
-- Whether an indexer works on this database.
-- $1 writer text
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1);

-- name: name_truly
-- Records whose bytes are not those that their CID names get the CID of their bytes: then they differ from the repo's.
-- $1 account_ids bigint[]
UPDATE record
SET cid = '\x01711220'::bytea || sha256(value)
WHERE account_id = ANY ($1::bigint[]) AND cid <> '\x01711220'::bytea || sha256(value);

-- name: hurry
-- To the front of the queue.
-- $1 account_ids bigint[]
UPDATE repo SET priority = 10 WHERE account_id = ANY ($1::bigint[]);

-- name: under_repair
-- How many of some repos are still to be fetched, as far as they can be.
-- $1 account_ids bigint[]
SELECT count(*)
FROM repo r
JOIN identity i ON i.account_id = r.account_id
WHERE r.account_id = ANY ($1::bigint[])
  AND (
      (i.stale AND i.attempts = 0)
      OR (r.state IN ('pending', 'desynchronized', 'syncing') AND NOT i.stale AND r.next_attempt_at < 'infinity')
  );
