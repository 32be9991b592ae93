-- name: read_account
-- What is known of an account; its repo's row is locked by a statement before.
-- $1 account_id bigint
SELECT active, status, deleted, status_at FROM account WHERE id = $1;

-- name: awaited
-- The repos for which events wait. Their rows are locked by a statement before: one that waits for a lock sees what was
-- there when it began to wait, and not the event that the holder of the lock has put there.
-- $1 account_ids bigint[]
SELECT r.account_id
FROM repo r
WHERE r.account_id = ANY ($1::bigint[])
  AND EXISTS (SELECT FROM buffered_event b WHERE b.account_id = r.account_id)
ORDER BY r.account_id;

-- name: lock_repos
-- Take the rows of repos, in the order of their ids.
-- $1 account_ids bigint[]
SELECT account_id FROM repo WHERE account_id = ANY ($1::bigint[]) ORDER BY account_id FOR UPDATE;

-- name: set_status
-- What is known of an account now.
-- $1 account_id bigint, $2 active boolean, $3 status text, $4 deleted boolean, $5 at timestamptz
UPDATE account SET active = $2, status = $3, deleted = $4, status_at = $5 WHERE id = $1;

-- name: ask_again
-- The host of an inactive account is to be asked for its status after some seconds; at once, if that was called for while
-- it was asked.
-- $1 account_id bigint, $2 seconds double precision
UPDATE repo
SET next_attempt_at = now() + $2::double precision * interval '1 second', attempts = least(attempts + 1, 1000)
WHERE account_id = $1 AND state = 'inactive' AND next_attempt_at > clock_timestamp();

-- name: rest_repo
-- An account that is not active: its events are dropped, those that wait too, and a sync under way ends. What else was
-- reported of it goes on waiting.
-- $1 account_id bigint
WITH dropped AS (DELETE FROM buffered_event b WHERE b.account_id = $1 AND NOT {{is_report(b.frame)}})
UPDATE repo
SET state = 'inactive', next_attempt_at = 'infinity', attempts = 0, lease_until = NULL, refetch = false
WHERE account_id = $1;

-- name: revive_repo
-- The repo of an account that is active again is new, to the front of the queue once it is due.
-- $1 account_id bigint
UPDATE repo
SET state = 'pending', priority = 10, lease_until = NULL, last_error = NULL
WHERE account_id = $1;

-- name: hide_account
-- Nothing of the account shows.
-- $1 account_id bigint
INSERT INTO visibility (account_id, subject, cause, hides_list, hides_view)
VALUES ($1, '', 'account', true, true)
ON CONFLICT DO NOTHING;

-- name: show_account
-- The account's own state hides nothing any more.
-- $1 account_id bigint
DELETE FROM visibility WHERE account_id = $1 AND subject = '' AND cause = 'account';

-- name: is_hidden
-- Whether anything else hides the account.
-- $1 account_id bigint
SELECT EXISTS (SELECT FROM visibility WHERE account_id = $1 AND subject = '' AND hides_view);

-- name: purge_records
-- The raw records of a deleted account.
-- $1 account_id bigint
DELETE FROM record WHERE account_id = $1;

-- name: purge_letters
-- What was set aside of it.
-- $1 account_id bigint
DELETE FROM dead_letter d USING account a WHERE a.id = $1 AND d.did = a.did;

-- name: purge_identity
-- Its names; that they were asked for not long ago stays known.
-- $1 account_id bigint
UPDATE identity
SET handle = NULL, handle_valid = false, handle_due = false, pds = NULL, signing_key = NULL, resolved_at = NULL,
    stale = false, attempts = 0, check_at = coalesce(resolved_at, now())
WHERE account_id = $1;

-- name: purge_repo
-- Its sync state, and the events that wait; what a host was asked before counts no more.
-- $1 account_id bigint
WITH dropped AS (DELETE FROM buffered_event WHERE account_id = $1)
UPDATE repo
SET state = 'inactive', rev = NULL, data = NULL, commit = NULL, next_attempt_at = 'infinity', attempts = 0,
    lease = lease + 1, lease_until = NULL, refetch = false, last_error = NULL, synced_at = NULL,
    unsigned_rev = NULL, unsigned_since = NULL
WHERE account_id = $1;

-- name: moved
-- The accounts that have another host or key than the one that is known.
-- $1 account_ids bigint[], $2 pdses text[], $3 signing_keys text[]
SELECT i.account_id
FROM identity i
JOIN unnest($1::bigint[], $2::text[], $3::text[]) AS told (account_id, pds, signing_key) USING (account_id)
WHERE (i.pds, i.signing_key) IS DISTINCT FROM (told.pds, told.signing_key);

-- name: renamed
-- The accounts whose handle counts, and that have another one, or none, by their documents.
-- $1 account_ids bigint[], $2 handles text[]
SELECT i.account_id
FROM identity i
JOIN unnest($1::bigint[], $2::text[]) AS told (account_id, handle) USING (account_id)
WHERE i.handle_valid AND i.handle IS DISTINCT FROM told.handle
ORDER BY i.account_id;

-- name: settle_deletion
-- The host of a deleted account is not asked any more, and not known.
-- $1 account_id bigint
WITH gone AS (SELECT id FROM account WHERE id = $1 AND deleted),
rested AS (
    UPDATE repo r
    SET next_attempt_at = 'infinity', attempts = 0, last_error = NULL
    FROM gone
    WHERE r.account_id = gone.id
)
UPDATE identity i
SET pds = NULL, signing_key = NULL, resolved_at = NULL, stale = false, attempts = 0, check_at = now()
FROM gone
WHERE i.account_id = gone.id;

-- name: store_identities
-- What DID documents say; stale still when the claim has moved. A deleted account keeps no name, and its host only
-- until that was asked. A repo that lives elsewhere now was not compared with its host yet.
-- $1 ids bigint[], $2 handles text[], $3 pdses text[], $4 keys text[], $5 at timestamptz[], $6 claims timestamptz[]
WITH told AS MATERIALIZED (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        AS told (account_id, handle, pds, signing_key, began, claim)
),
moved AS (
    UPDATE repo r
    SET compared_at = NULL
    FROM told
    JOIN identity i ON i.account_id = told.account_id
    WHERE r.account_id = told.account_id AND i.pds IS DISTINCT FROM told.pds
)
UPDATE identity i
SET handle = CASE WHEN NOT a.deleted THEN told.handle END,
    handle_valid = i.handle_valid AND i.handle IS NOT DISTINCT FROM told.handle AND NOT a.deleted,
    handle_due = told.handle IS NOT NULL AND NOT a.deleted,
    pds = told.pds,
    signing_key = told.signing_key,
    resolved_at = told.began,
    stale = i.stale AND i.check_at <> told.claim,
    check_at = CASE WHEN i.check_at <> told.claim THEN i.check_at ELSE now() END,
    attempts = CASE
        WHEN i.check_at <> told.claim OR told.pds IS NULL OR told.signing_key IS NULL THEN i.attempts ELSE 0
    END
FROM told
JOIN account a ON a.id = told.account_id
WHERE i.account_id = told.account_id;

-- name: release_repos
-- Repos that waited for their identities are in the queue now.
-- $1 account_ids bigint[]
UPDATE repo
SET next_attempt_at = now()
WHERE account_id = ANY ($1::bigint[]) AND next_attempt_at = 'infinity'
  AND state IN ('pending', 'desynchronized', 'error');

-- name: note_unusable
-- A repo that can be neither fetched nor verified.
-- $1 account_id bigint
UPDATE repo SET last_error = 'its DID document names no PDS, or no signing key' WHERE account_id = $1;

-- name: read_again
-- A document with which nothing can be done stays stale, and is read again after some seconds.
-- $1 account_id bigint, $2 pause double precision
UPDATE identity i
SET stale = true, attempts = least(i.attempts + 1, 1000),
    check_at = now() + $2::double precision * interval '1 second'
FROM account a
WHERE i.account_id = $1 AND a.id = $1 AND NOT a.deleted AND NOT i.stale;

-- name: holders
-- Who has one of the handles.
-- $1 handles text[]
SELECT account_id FROM identity WHERE handle = ANY ($1::text[]) AND handle_valid;

-- name: may_have
-- The accounts that claim their handles still, as they did when these were checked; for each handle one.
-- $1 account_ids bigint[], $2 handles text[], $3 claims timestamptz[]
SELECT DISTINCT ON (i.handle) i.account_id, i.handle
FROM identity i
JOIN unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS taken (account_id, handle, claim) USING (account_id)
WHERE i.handle = taken.handle AND i.check_at = taken.claim AND i.handle_due AND NOT i.stale
ORDER BY i.handle, i.account_id;

-- name: displace
-- The handles belong to these accounts now, and to nobody else.
-- $1 account_ids bigint[], $2 handles text[]
UPDATE identity i
SET handle_valid = false, stale = true, check_at = now(), attempts = 0
FROM unnest($1::bigint[], $2::text[]) AS taken (account_id, handle)
WHERE i.handle = taken.handle AND i.handle_valid AND i.account_id <> taken.account_id;

-- name: give_handles
-- The handles of these accounts count.
-- $1 account_ids bigint[]
UPDATE identity SET handle_valid = true, handle_due = false, attempts = 0 WHERE account_id = ANY ($1::bigint[]);

-- name: refuse_handle
-- The handle does not lead to the account; it is looked at again after some seconds.
-- $1 account_id bigint, $2 claim timestamptz, $3 pause double precision
UPDATE identity
SET handle_valid = false, attempts = least(attempts + 1, 1000),
    check_at = now() + $3::double precision * interval '1 second'
WHERE account_id = $1 AND check_at = $2;
