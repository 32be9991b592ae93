-- name: read_cursor
-- How far the stream is in the database.
SELECT max(seq) FROM source_cursor;

-- name: all_records
-- Every record that is stored.
SELECT a.did, r.collection || '/' || r.rkey AS path, r.cid
FROM record r
JOIN account a ON a.id = r.account_id;
