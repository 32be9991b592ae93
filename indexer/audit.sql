-- name: count_subjects
-- Accounts of which something is indexed.
SELECT count(*) FROM account a JOIN repo r ON r.account_id = a.id WHERE a.active AND NOT a.deleted;

-- name: subjects_after
-- The next of them, in the order of their ids.
-- $1 account_id bigint, $2 number integer
SELECT a.id, a.did
FROM account a
JOIN repo r ON r.account_id = a.id
WHERE a.active AND NOT a.deleted AND a.id > $1
ORDER BY a.id
LIMIT $2::integer;

-- name: sample
-- Some of them, by chance.
-- $1 number integer
SELECT a.id, a.did
FROM account a
JOIN repo r ON r.account_id = a.id
WHERE a.active AND NOT a.deleted
ORDER BY random()
LIMIT $1::integer;

-- name: subject
-- The account of a DID.
-- $1 did text
SELECT a.id, a.did FROM account a JOIN repo r ON r.account_id = a.id WHERE a.did = $1;

-- name: standing
-- How an account, its identity and its repo stand. Unsigned is what came last, when it was confirmed by nobody yet or
-- the source that was subscribed to last is a Jetstream.
-- $1 account_id bigint
SELECT a.active AND NOT a.deleted AS active, a.status, a.deleted, i.pds, i.signing_key,
       r.state, r.rev, r.data, r.commit, r.unsigned_rev,
       r.unsigned_rev IS NOT NULL
           OR (SELECT kind FROM source_cursor ORDER BY subscribed_at DESC LIMIT 1) IS NOT DISTINCT FROM 'jetstream'
           AS unsigned
FROM account a
JOIN identity i ON i.account_id = a.id
JOIN repo r ON r.account_id = a.id
WHERE a.id = $1;

-- name: stored_at
-- What is stored at some paths of an account.
-- $1 account_id bigint, $2 collections text[], $3 rkeys text[]
SELECT r.collection, r.rkey, r.cid
FROM unnest($2::text[], $3::text[]) AS path (collection, rkey)
JOIN record r ON r.account_id = $1 AND r.collection = path.collection AND r.rkey = path.rkey;

-- name: set_aside_at
-- Those of some paths whose records came and could not be kept.
-- $1 did text, $2 paths text[]
SELECT DISTINCT path FROM dead_letter
WHERE did = $1 AND path = ANY ($2::text[]) AND reason IN ('record_too_large', 'record_key_invalid');

-- name: corrupt
-- Records whose bytes are not those that their CID names: version 1, DAG-CBOR, the SHA-256 of 32 bytes.
-- $1 account_id bigint, $2 number integer
SELECT collection, rkey, cid, '\x01711220'::bytea || sha256(value) AS actual
FROM record
WHERE account_id = $1 AND cid <> '\x01711220'::bytea || sha256(value)
LIMIT $2::integer;
