-- name: candidates
-- The first due repos whose identity is known and whose host is not among the busy ones, locked.
-- $1 number integer, $2 busy text[], $3 taken bigint[]
SELECT r.account_id, a.did, r.state, r.rev, r.data, r.commit, r.attempts, r.next_attempt_at,
       i.pds, i.signing_key, i.resolved_at
FROM repo r
JOIN account a ON a.id = r.account_id
JOIN identity i ON i.account_id = r.account_id
WHERE r.state IN ('pending', 'desynchronized', 'error', 'inactive')
  AND r.next_attempt_at < 'infinity' AND r.next_attempt_at <= now()
  AND NOT i.stale AND i.signing_key IS NOT NULL AND i.pds <> ALL ($2::text[])
  AND r.account_id <> ALL ($3::bigint[])
ORDER BY r.priority DESC, r.next_attempt_at
LIMIT $1::integer
FOR UPDATE OF r SKIP LOCKED;

-- name: claim
-- Take repos under a lease. Of an inactive account the host is only asked.
-- $1 account_ids bigint[], $2 lease double precision
UPDATE repo
SET lease = lease + 1,
    portions = 0,
    refetch = false,
    compared_at = now(),
    state = CASE WHEN state = 'inactive' THEN state ELSE 'syncing' END,
    lease_until = CASE WHEN state <> 'inactive' THEN now() + $2::double precision * interval '1 second' END,
    next_attempt_at = CASE
        WHEN state = 'inactive' THEN now() + $2::double precision * interval '1 second' ELSE next_attempt_at
    END
WHERE account_id = ANY ($1::bigint[])
RETURNING account_id, lease;

-- name: renew
-- The work on these repos goes on; so does asking the host of an inactive account, unless that is to begin anew. Whoever
-- takes several rows of repos takes them in the order of their ids.
-- $1 account_ids bigint[], $2 leases bigint[], $3 lease double precision
WITH held AS MATERIALIZED (
    SELECT r.account_id
    FROM unnest($1::bigint[], $2::bigint[]) AS c (account_id, lease)
    JOIN repo r ON r.account_id = c.account_id AND r.lease = c.lease
    WHERE r.state = 'syncing' OR (r.state = 'inactive' AND r.next_attempt_at > clock_timestamp())
    ORDER BY r.account_id
    FOR UPDATE OF r
)
UPDATE repo r
SET lease_until = CASE WHEN r.state = 'syncing' THEN now() + $3::double precision * interval '1 second' END,
    next_attempt_at = CASE
        WHEN r.state = 'syncing' THEN r.next_attempt_at
        ELSE greatest(r.next_attempt_at, now() + $3::double precision * interval '1 second')
    END
FROM held
WHERE r.account_id = held.account_id;

-- name: free_lapsed
-- Repos whose worker died: at once the first two times, as a process may be ended twice while it starts; later after a
-- pause, for it may have died of them.
-- $1 shortest double precision, $2 longest double precision
WITH lapsed AS MATERIALIZED (
    SELECT account_id FROM repo WHERE state = 'syncing' AND lease_until < now() ORDER BY account_id FOR UPDATE
)
UPDATE repo r
SET state = 'pending', lease_until = NULL, attempts = least(attempts + 1, 1000),
    next_attempt_at = now() + interval '1 second' * CASE
        WHEN attempts < 2 THEN 0
        ELSE least($2::double precision, $1::double precision * 2.0 ^ least(attempts, 40))
    END
FROM lapsed
WHERE r.account_id = lapsed.account_id
RETURNING r.account_id;

-- name: give_back
-- What is not finished when the process stops.
-- $1 account_ids bigint[], $2 leases bigint[]
UPDATE repo r
SET state = 'pending', lease_until = NULL, next_attempt_at = now()
FROM unnest($1::bigint[], $2::bigint[]) AS c (account_id, lease)
WHERE r.account_id = c.account_id AND r.lease = c.lease AND r.state = 'syncing';

-- name: hold_any
-- Take the row of a repo while its lease holds, inactive or not.
-- $1 account_id bigint, $2 lease bigint
SELECT account_id FROM repo WHERE account_id = $1 AND lease = $2 AND state IN ('syncing', 'inactive') FOR UPDATE;

-- name: put_back
-- To the queue: due since it was before, or, behind a doubtful identity, from now on and to its front, with nothing counted
-- against it; or after some seconds, which grow from time to time.
-- $1 account_id bigint, $2 lease bigint, $3 doubt boolean, $4 pause double precision
UPDATE repo
SET state = 'pending', lease_until = NULL,
    attempts = CASE WHEN $4::double precision IS NULL THEN attempts ELSE least(attempts + 1, 1000) END,
    next_attempt_at = CASE
        WHEN $3::boolean THEN now()
        ELSE coalesce(now() + $4::double precision * interval '1 second', next_attempt_at)
    END,
    priority = CASE WHEN $3::boolean THEN 10 ELSE priority END
WHERE account_id = $1 AND lease = $2 AND state = 'syncing';

-- name: fail
-- Another attempt after some seconds; after fewer when the repo was written while it was fetched; at once, if that was
-- called for while the host of an inactive account was asked. Its row is locked by a statement before.
-- $1 account_id bigint, $2 lease bigint, $3 reason text, $4 pause double precision, $5 shorter double precision, $6 since timestamptz
UPDATE repo
SET state = CASE WHEN state = 'inactive' THEN state ELSE 'error' END,
    lease_until = NULL,
    last_error = $3,
    attempts = least(attempts + 1, 1000),
    next_attempt_at = CASE
        WHEN state = 'inactive' AND next_attempt_at <= clock_timestamp() THEN next_attempt_at
        ELSE now() + interval '1 second' * CASE
            WHEN EXISTS (SELECT FROM buffered_event b WHERE b.account_id = $1 AND b.received_at >= $6::timestamptz)
            THEN $5::double precision
            ELSE $4::double precision
        END
    END
WHERE account_id = $1 AND lease = $2 AND state IN ('syncing', 'inactive');

-- name: doubt
-- The account may have moved, or have another key.
-- $1 account_id bigint
UPDATE identity SET stale = true, check_at = now(), attempts = 0 WHERE account_id = $1 AND NOT stale;
