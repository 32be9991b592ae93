-- name: put_records
-- New versions of records; a record that was there keeps the time at which it was first indexed.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[], $4 cids bytea[], $5 revs text[], $6 indexed_ats timestamptz[], $7 invalids text[], $8 unsigneds boolean[], $9 records bytea[]
INSERT INTO record (account_id, collection, rkey, cid, rev, indexed_at, invalid, unsigned, value)
SELECT *
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::text[], $8::boolean[], $9::bytea[])
ON CONFLICT (account_id, collection, rkey) DO UPDATE
SET cid = EXCLUDED.cid, rev = EXCLUDED.rev, invalid = EXCLUDED.invalid, unsigned = EXCLUDED.unsigned, value = EXCLUDED.value
RETURNING account_id, collection, rkey, indexed_at;

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
