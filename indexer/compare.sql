-- name: open_gaps
-- How many gaps there are, and the time of the last one.
SELECT count(*)::integer AS number, max(noted_at) AS until FROM stream_gap WHERE healed_at IS NULL;

-- name: due_hosts
-- The hosts of repos that are to be compared, and how many of these each has.
-- $1 until timestamptz, $2 number integer
SELECT i.pds AS origin, count(*)::integer AS repos
FROM repo r
JOIN identity i ON i.account_id = r.account_id
WHERE r.state = 'synced' AND (r.compared_at IS NULL OR r.compared_at <= $1) AND i.pds IS NOT NULL
GROUP BY i.pds
ORDER BY count(*), i.pds
LIMIT $2::integer;

-- name: due_repos
-- Some of a host's repos that are to be compared.
-- $1 origin text, $2 until timestamptz, $3 after bigint, $4 number integer
SELECT r.account_id, a.did
FROM repo r
JOIN identity i ON i.account_id = r.account_id
JOIN account a ON a.id = r.account_id
WHERE r.state = 'synced' AND (r.compared_at IS NULL OR r.compared_at <= $2) AND i.pds = $1
  AND r.account_id > $3
ORDER BY r.account_id
LIMIT $4::integer;

-- name: renew_identities
-- Identities that were resolved before a gap are stale, as long as few are at once; those that fail for long do not
-- count. Whatever an event waits for is resolved before them.
-- $1 until timestamptz, $2 number integer
UPDATE identity i
SET stale = true, attempts = 0, check_at = now() - interval '1 hour'
FROM (
    SELECT o.account_id
    FROM identity o
    WHERE NOT o.stale AND o.resolved_at <= $1
    ORDER BY o.account_id
    LIMIT greatest(0, $2::integer - (SELECT count(*) FROM identity s WHERE s.stale AND s.attempts < 8))
    FOR UPDATE OF o SKIP LOCKED
) AS old
WHERE i.account_id = old.account_id
RETURNING i.account_id;

-- name: ask_status
-- The hosts of inactive accounts are asked whether they are so still.
-- $1 until timestamptz, $2 number integer
UPDATE repo r
SET compared_at = now(), next_attempt_at = least(r.next_attempt_at, now())
FROM (
    SELECT o.account_id
    FROM repo o
    JOIN account a ON a.id = o.account_id
    WHERE o.state = 'inactive' AND NOT a.deleted AND (o.compared_at IS NULL OR o.compared_at <= $1)
    ORDER BY o.account_id
    LIMIT $2::integer
    FOR UPDATE OF o SKIP LOCKED
) AS resting
WHERE r.account_id = resting.account_id;

-- name: homeless
-- Synced repos that have no host to be compared with, their rows locked.
-- $1 until timestamptz, $2 number integer
SELECT r.account_id
FROM repo r
JOIN identity i ON i.account_id = r.account_id
WHERE r.state = 'synced' AND i.resolved_at > $1 AND i.pds IS NULL AND (r.compared_at IS NULL OR r.compared_at <= $1)
ORDER BY r.account_id
LIMIT $2::integer
FOR UPDATE OF r SKIP LOCKED;

-- name: due
-- How many repos have not been compared with their current hosts since a time.
-- $1 until timestamptz
SELECT count(*)::integer
FROM repo r
JOIN account a ON a.id = r.account_id
JOIN identity i ON i.account_id = r.account_id
WHERE r.state IN ('synced', 'syncing', 'inactive') AND NOT a.deleted
  AND (r.compared_at IS NULL OR r.compared_at <= $1 OR i.resolved_at IS NULL OR i.resolved_at <= $1);

-- name: heal
-- The gaps after which every repo has been compared with its current host; one that is not synced is fetched anyway.
UPDATE stream_gap g
SET healed_at = now()
WHERE g.healed_at IS NULL AND NOT EXISTS (
    SELECT
    FROM repo r
    JOIN account a ON a.id = r.account_id
    JOIN identity i ON i.account_id = r.account_id
    WHERE r.state IN ('synced', 'syncing', 'inactive') AND NOT a.deleted
      AND (
        r.compared_at IS NULL OR r.compared_at <= g.noted_at OR i.resolved_at IS NULL OR i.resolved_at <= g.noted_at
      )
)
RETURNING g.source, g.reason, g.noted_at;
