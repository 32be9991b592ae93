-- name: save_cursor
-- How far a source is in the database. No row: it is not as far there as is known ($4; NULL: nothing is).
-- $1 source text, $2 seq bigint, $3 event_time timestamptz, $4 known bigint
UPDATE source_cursor
SET seq = $2, event_time = $3, updated_at = now()
WHERE source = $1 AND shard = '' AND ($4::bigint IS NULL OR seq >= $4)
RETURNING seq;
