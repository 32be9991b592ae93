-- name: read_cursor
-- Where to go on with a Jetstream, in microseconds since 1970.
-- $1 source text
SELECT seq, event_time FROM source_cursor WHERE source = $1 AND shard = '' AND kind = 'jetstream';

-- name: subscribed
-- A subscription stands: from now on nothing is missed.
-- $1 source text, $2 began bigint
INSERT INTO source_cursor (source, kind, seq) VALUES ($1, 'jetstream', $2)
ON CONFLICT (source, shard) DO UPDATE
SET kind = EXCLUDED.kind, subscribed_at = now(),
    seq = CASE WHEN source_cursor.kind = EXCLUDED.kind THEN source_cursor.seq ELSE EXCLUDED.seq END;
