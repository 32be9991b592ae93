-- name: lock_repos
-- Take the rows of repos, always in the order of their ids.
-- $1 dids text[]
SELECT r.account_id
FROM repo r
JOIN account a ON a.id = r.account_id
WHERE a.did = ANY ($1::text[])
ORDER BY r.account_id
FOR UPDATE OF r;

-- name: load_states
-- What is known of repos whose rows are locked by a statement before, and of no others: a repo that has come since then
-- is somebody else's to settle.
-- $1 account_ids bigint[]
SELECT r.account_id, a.did, a.active AND NOT a.deleted AS active, i.pds, i.signing_key AS key, i.stale, i.resolved_at,
       r.state, r.rev, r.data, r.unsigned_rev, buffer.buffered, buffer.buffered_bytes
FROM account a
JOIN repo r ON r.account_id = a.id
JOIN identity i ON i.account_id = a.id
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS buffered, coalesce(sum(octet_length(frame)), 0)::bigint AS buffered_bytes
    FROM buffered_event b
    WHERE b.account_id = a.id
) AS buffer
WHERE a.id = ANY ($1::bigint[]);

-- name: insert_accounts
-- Accounts that are new.
-- $1 dids text[]
INSERT INTO account (did) SELECT unnest($1::text[]) ON CONFLICT (did) DO NOTHING;

-- name: insert_identities
-- Their identities, to be resolved.
-- $1 dids text[]
INSERT INTO identity (account_id)
SELECT id FROM account WHERE did = ANY ($1::text[]) ORDER BY id
ON CONFLICT (account_id) DO NOTHING;

-- name: insert_repos
-- Their repos, to the front of the queue.
-- $1 dids text[]
INSERT INTO repo (account_id, priority)
SELECT id, 10 FROM account WHERE did = ANY ($1::text[]) ORDER BY id
ON CONFLICT (account_id) DO NOTHING;

-- name: desynchronize
-- To the queue again: at once, or at the end of the hour in which the repo has used up its resyncs.
-- $1 account_ids bigint[], $2 reasons text[], $3 resyncs_per_hour integer
UPDATE repo r
SET state = 'desynchronized',
    last_error = d.reason,
    attempts = 0,
    window_start = CASE WHEN w.over THEN now() ELSE r.window_start END,
    resyncs = CASE WHEN w.over THEN 1 ELSE r.resyncs + 1 END,
    next_attempt_at = CASE
        WHEN NOT w.over AND r.resyncs >= $3::integer THEN r.window_start + interval '1 hour'
        ELSE now()
    END
FROM unnest($1::bigint[], $2::text[]) AS d (account_id, reason)
CROSS JOIN LATERAL (
    SELECT repo.window_start < now() - interval '1 hour' AS over FROM repo WHERE repo.account_id = d.account_id
) AS w
WHERE r.account_id = d.account_id;

-- name: hasten
-- Repos that wait for another attempt have it now, unless they have used up the resyncs of their hour.
-- $1 account_ids bigint[], $2 resyncs_per_hour integer
UPDATE repo
SET next_attempt_at = now(),
    window_start = CASE WHEN window_start < now() - interval '1 hour' THEN now() ELSE window_start END,
    resyncs = CASE WHEN window_start < now() - interval '1 hour' THEN 1 ELSE resyncs + 1 END
WHERE account_id = ANY ($1::bigint[]) AND state = 'error' AND next_attempt_at > now()
  AND (resyncs < $2::integer OR window_start < now() - interval '1 hour');

-- name: ask_hosts
-- The hosts of inactive accounts are asked now.
-- $1 account_ids bigint[]
UPDATE repo SET next_attempt_at = now() WHERE account_id = ANY ($1::bigint[]) AND state = 'inactive';

-- name: wonder
-- The hosts of inactive accounts that are not deleted are asked, with a pause after the last time.
-- $1 account_ids bigint[], $2 pause double precision
UPDATE repo r
SET next_attempt_at = least(
        r.next_attempt_at, greatest(now(), r.compared_at + $2::double precision * interval '1 second')
    )
FROM account a
WHERE r.account_id = ANY ($1::bigint[]) AND r.state = 'inactive' AND a.id = r.account_id AND NOT a.deleted;

-- name: note_errors
-- Why an event was refused last.
-- $1 account_ids bigint[], $2 reasons text[]
UPDATE repo r
SET last_error = e.reason
FROM unnest($1::bigint[], $2::text[]) AS e (account_id, reason)
WHERE r.account_id = e.account_id;

-- name: note_unsigned
-- How far an unsigned source was followed.
-- $1 account_ids bigint[], $2 revs text[]
UPDATE repo r
SET unsigned_rev = told.rev, unsigned_since = coalesce(r.unsigned_since, now())
FROM unnest($1::bigint[], $2::text[]) AS told (account_id, rev)
WHERE r.account_id = told.account_id;

-- name: mark_stale
-- The DID documents of these accounts may have changed: they are read anew, with a pause after the last time. What is
-- stale already is so no earlier than a pause from now for that; but always at another moment than before, which ends
-- the claim of whoever has read the document before it changed. Of a deleted account `check_at` says when that was.
-- $1 account_ids bigint[], $2 pause double precision
UPDATE identity
SET stale = true, attempts = 0,
    check_at = CASE
        WHEN stale THEN least(check_at - interval '1 microsecond', now() + $2::double precision * interval '1 second')
        ELSE greatest(now(), coalesce(resolved_at, check_at) + $2::double precision * interval '1 second')
    END
WHERE account_id = ANY ($1::bigint[]);

-- name: doubt_keys
-- A signature did not verify under what we know: ask anew, with a pause after the last time.
-- $1 account_ids bigint[], $2 pause double precision
UPDATE identity
SET stale = true, attempts = 0, check_at = greatest(now(), resolved_at + $2::double precision * interval '1 second')
WHERE account_id = ANY ($1::bigint[]) AND NOT stale;
