-- name: save_cursor
-- How far a source is in the database.
-- $1 source text, $2 seq bigint, $3 event_time timestamptz
UPDATE source_cursor
SET seq = $2, event_time = $3, updated_at = now()
WHERE source = $1 AND shard = '';
