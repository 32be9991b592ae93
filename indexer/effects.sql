-- name: insert_held
-- Events that wait for their repo, in order.
-- $1 account_ids bigint[], $2 sources text[], $3 seqs bigint[], $4 frames bytea[], $5 received_ats timestamptz[]
INSERT INTO buffered_event (account_id, source, seq, frame, received_at)
SELECT account_id, source, seq, frame, received_at
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::timestamptz[])
    WITH ORDINALITY AS held (account_id, source, seq, frame, received_at, position)
ORDER BY position;

-- name: clear_buffers
-- Too much waits for these repos: forget it, but for what was last reported of their accounts, and let a sync that is
-- under way be followed by another.
-- $1 account_ids bigint[], $2 largest integer
WITH cleared AS (
    DELETE FROM buffered_event b WHERE b.account_id = ANY ($1::bigint[]) AND {{may_go(b, $2::integer)}}
)
UPDATE repo SET refetch = true WHERE account_id = ANY ($1::bigint[]) AND state = 'syncing';
