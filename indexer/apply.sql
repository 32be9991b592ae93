-- name: standing
-- When records that are there were first indexed.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[]
SELECT r.account_id, r.collection, r.rkey, r.indexed_at
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS key (account_id, collection, rkey)
JOIN record r ON r.account_id = key.account_id AND r.collection = key.collection AND r.rkey = key.rkey;

-- name: write_over
-- New versions of records that are there.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[], $4 cids bytea[], $5 revs text[], $6 invalids text[], $7 unsigneds boolean[], $8 records bytea[]
UPDATE record r
SET cid = new.cid, rev = new.rev, invalid = new.invalid, unsigned = new.unsigned, value = new.value
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::bytea[])
    AS new (account_id, collection, rkey, cid, rev, invalid, unsigned, value)
WHERE r.account_id = new.account_id AND r.collection = new.collection AND r.rkey = new.rkey;

-- name: delete_records
-- Records that are gone.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[]
DELETE FROM record r
USING unnest($1::bigint[], $2::text[], $3::text[]) AS gone (account_id, collection, rkey)
WHERE r.account_id = gone.account_id AND r.collection = gone.collection AND r.rkey = gone.rkey;

-- name: mark_invalid
-- Why a record shows in no view; NULL: it may.
-- $1 account_id bigint, $2 collection text, $3 rkey text, $4 reason text
UPDATE record SET invalid = $4 WHERE account_id = $1 AND collection = $2 AND rkey = $3;

-- name: set_heads
-- The verified heads of repos; what was wrong before is over.
-- $1 account_ids bigint[], $2 revs text[], $3 datas bytea[], $4 commits bytea[]
UPDATE repo r
SET rev = head.rev, data = head.data, commit = head.commit, last_error = NULL
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[]) AS head (account_id, rev, data, commit)
WHERE r.account_id = head.account_id;
