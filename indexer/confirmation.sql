-- name: send
-- To the queue with the repos whose unsigned changes are so many seconds old, those that wait longest first.
-- $1 age double precision, $2 number integer
WITH due AS (
    SELECT account_id
    FROM repo
    WHERE state = 'synced' AND unsigned_since <= now() - $1::double precision * interval '1 second'
    ORDER BY unsigned_since
    LIMIT $2::integer
    FOR UPDATE SKIP LOCKED
)
UPDATE repo r
SET state = 'desynchronized', attempts = 0, next_attempt_at = now()
FROM due
WHERE r.account_id = due.account_id
RETURNING r.account_id;
