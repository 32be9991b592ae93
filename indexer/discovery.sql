-- name: pdses
-- Those of our sources that are PDSes.
-- $1 sources text[]
SELECT DISTINCT source FROM source_cursor WHERE kind = 'pds' AND source = ANY ($1::text[]);

-- name: finished
-- When listings were read to their end.
SELECT source, listing, finished_at FROM discovery_cursor WHERE finished_at IS NOT NULL;

-- name: read_cursor
-- Where a listing was left.
-- $1 source text, $2 listing text
SELECT cursor FROM discovery_cursor WHERE source = $1 AND listing = $2;

-- name: save_cursor
-- How far a listing has been read; without a cursor it has come to its end.
-- $1 source text, $2 listing text, $3 cursor text
INSERT INTO discovery_cursor (source, listing, cursor, finished_at)
VALUES ($1, $2, $3, CASE WHEN $3::text IS NULL THEN now() END)
ON CONFLICT (source, listing) DO UPDATE
SET cursor = EXCLUDED.cursor, finished_at = coalesce(EXCLUDED.finished_at, discovery_cursor.finished_at);

-- name: forget_cursor
-- A listing begins again; true if it would have gone on elsewhere.
-- $1 source text, $2 listing text
UPDATE discovery_cursor SET cursor = NULL WHERE source = $1 AND listing = $2 AND cursor IS NOT NULL RETURNING true;

-- name: take_in
-- Accounts that are new, to the end of the queue; how many they are.
-- $1 dids text[]
WITH new AS (INSERT INTO account (did) SELECT unnest($1::text[]) ON CONFLICT (did) DO NOTHING RETURNING id),
identities AS (INSERT INTO identity (account_id) SELECT id FROM new),
repos AS (INSERT INTO repo (account_id) SELECT id FROM new)
SELECT count(*)::integer FROM new;
