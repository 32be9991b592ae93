-- name: note
-- Events may have been missed up to now.
-- $1 source text, $2 reason text
INSERT INTO stream_gap (source, reason) VALUES ($1, $2)
ON CONFLICT (source, reason) WHERE healed_at IS NULL DO UPDATE SET noted_at = now();

-- name: keep_open
-- A gap is open, since when it was noted first.
-- $1 source text, $2 reason text
INSERT INTO stream_gap (source, reason) VALUES ($1, $2)
ON CONFLICT (source, reason) WHERE healed_at IS NULL DO NOTHING;

-- name: last_source
-- The source that was subscribed to last.
SELECT source FROM source_cursor ORDER BY subscribed_at DESC LIMIT 1;
