-- name: add_accounts
-- Accounts whose identities need no resolving.
-- $1 dids text[]
INSERT INTO account (did) SELECT unnest($1::text[]) RETURNING id, did;

-- name: add_identities
-- What their DID documents say.
-- $1 account_ids bigint[], $2 handles text[], $3 keys text[], $4 pds text
INSERT INTO identity (account_id, handle, handle_valid, pds, signing_key, resolved_at, stale)
SELECT a.id, a.handle, true, $4::text, a.key, now(), false
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS a (id, handle, key);

-- name: add_repos
-- Their repos, synced and still without a commit.
-- $1 account_ids bigint[]
INSERT INTO repo (account_id, state, synced_at) SELECT unnest($1::bigint[]), 'synced', now();

-- name: read_cursor
-- How far the stream is in the database.
SELECT max(seq) FROM source_cursor;

-- name: all_records
-- Every record that is stored.
SELECT a.did, r.collection || '/' || r.rkey AS path, r.cid
FROM record r
JOIN account a ON a.id = r.account_id;
