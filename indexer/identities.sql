-- name: claim_documents
-- The newest identities that are stale, those of did:web among them or not, moved to the moment when the claim ends.
-- $1 number integer, $2 claim double precision, $3 mine bigint[], $4 web boolean
UPDATE identity i
SET check_at = now() + $2::double precision * interval '1 second'
FROM (
    SELECT s.account_id, a.did
    FROM identity s
    JOIN account a ON a.id = s.account_id
    WHERE s.stale AND s.check_at <= now() AND s.account_id <> ALL ($3::bigint[])
      AND ($4::boolean OR a.did NOT LIKE 'did:web:%')
    ORDER BY s.check_at DESC
    LIMIT $1::integer
    FOR UPDATE OF s SKIP LOCKED
) AS due
WHERE i.account_id = due.account_id
RETURNING i.account_id AS id, due.did, i.handle, i.attempts, i.check_at AS until;

-- name: claim_handles
-- The newest handles that are to be checked, moved to the moment at which the claim ends.
-- $1 number integer, $2 claim double precision, $3 mine bigint[]
UPDATE identity i
SET check_at = now() + $2::double precision * interval '1 second'
FROM (
    SELECT s.account_id, a.did
    FROM identity s
    JOIN account a ON a.id = s.account_id
    WHERE s.handle_due AND NOT s.stale AND s.check_at <= now() AND s.account_id <> ALL ($3::bigint[])
    ORDER BY s.check_at DESC
    LIMIT $1::integer
    FOR UPDATE OF s SKIP LOCKED
) AS due
WHERE i.account_id = due.account_id
RETURNING i.account_id AS id, due.did, i.handle, i.attempts, i.check_at AS until;

-- name: renew
-- The work on these goes on; a claim that somebody has made void stays so.
-- $1 account_ids bigint[], $2 claims timestamptz[], $3 claim double precision
UPDATE identity i
SET check_at = now() + $3::double precision * interval '1 second'
FROM unnest($1::bigint[], $2::timestamptz[]) AS c (account_id, until)
WHERE i.account_id = c.account_id AND i.check_at = c.until
RETURNING i.account_id, i.check_at AS until;

-- name: give_back
-- What is not finished when the process stops.
-- $1 account_ids bigint[], $2 claims timestamptz[]
UPDATE identity i
SET check_at = now()
FROM unnest($1::bigint[], $2::timestamptz[]) AS c (account_id, until)
WHERE i.account_id = c.account_id AND i.check_at = c.until;

-- name: settle_document
-- There is no document any more.
-- $1 account_id bigint, $2 claim timestamptz
UPDATE identity SET stale = false WHERE account_id = $1 AND check_at = $2;

-- name: note_failure
-- Why a repo that waits for its identity goes on waiting.
-- $1 account_id bigint, $2 reason text
UPDATE repo SET last_error = $2 WHERE account_id = $1;

-- name: postpone
-- Nothing could be told: the next attempt, after some seconds.
-- $1 account_id bigint, $2 claim timestamptz, $3 pause double precision
UPDATE identity
SET attempts = least(attempts + 1, 1000), check_at = now() + $3::double precision * interval '1 second'
WHERE account_id = $1 AND check_at = $2;
