-- name: track
-- Accounts that are new, to the front of the queue after some seconds; how many they are.
-- $1 dids text[], $2 seconds double precision
WITH new AS (
    INSERT INTO account (did) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (did) DO NOTHING RETURNING id
),
identities AS (
    INSERT INTO identity (account_id, check_at)
    SELECT id, now() + $2::double precision * interval '1 second' FROM new
),
repos AS (
    INSERT INTO repo (account_id, priority, next_attempt_at)
    SELECT id, 10, now() + $2::double precision * interval '1 second' FROM new
)
SELECT count(*)::integer FROM new;
