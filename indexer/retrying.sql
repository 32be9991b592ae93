-- name: page
-- The next letters of a reason and of an account, or of any.
-- $1 after bigint, $2 reason text, $3 did text, $4 number integer
SELECT id, did
FROM dead_letter
WHERE id > $1 AND ($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR did = $3)
ORDER BY id
LIMIT $4::integer;

-- name: letters
-- Letters that are still there, locked, each with the record that stands at its path, and whether it is that record's.
-- $1 ids bigint[]
SELECT d.id, d.did, d.path, d.reason, octet_length(d.payload) AS bytes, r.cid, r.rev, r.indexed_at, r.unsigned,
       r.value, r.value = d.payload AS stands
FROM dead_letter d
LEFT JOIN account a ON a.did = d.did
LEFT JOIN record r ON r.account_id = a.id
    AND r.collection = split_part(d.path, '/', 1) AND r.rkey = substr(d.path, strpos(d.path, '/') + 1)
WHERE d.id = ANY ($1::bigint[])
ORDER BY d.id
FOR UPDATE OF d;

-- name: delete
-- Letters that are settled.
-- $1 ids bigint[]
DELETE FROM dead_letter WHERE id = ANY ($1::bigint[]);
