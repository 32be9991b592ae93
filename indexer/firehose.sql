-- name: read_cursor
-- Where to go on with a source, up to when nothing of it was missed, and what kind of host it was.
-- $1 source text
SELECT seq, kind, event_time, coalesce(event_time, subscribed_at) AS known_until
FROM source_cursor
WHERE source = $1 AND shard = '';

-- name: subscribed
-- A subscription stands: from now on nothing is missed.
-- $1 source text, $2 kind text
INSERT INTO source_cursor (source, kind, seq) VALUES ($1, $2, 0)
ON CONFLICT (source, shard) DO UPDATE SET kind = EXCLUDED.kind, subscribed_at = now();

-- name: note_refused
-- Why a frame about an account was dropped before it could be judged.
-- $1 did text, $2 reason text
UPDATE repo r SET last_error = $2 FROM account a WHERE a.did = $1 AND r.account_id = a.id;

-- name: reset_cursor
-- The source numbers its events from the beginning again.
-- $1 source text
UPDATE source_cursor SET seq = 0, event_time = NULL, updated_at = now() WHERE source = $1 AND shard = '';
