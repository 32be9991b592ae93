-- name: group_artists
-- The artists of most plays since a moment, with their listeners, counted play by play.
-- $1 since timestamptz
SELECT played.artist, count(*) AS plays, count(DISTINCT p.account_id) AS listeners
FROM teal_play p
CROSS JOIN LATERAL unnest(p.artists) AS played (artist)
WHERE p.canonical AND p.played_at >= $1
GROUP BY played.artist
ORDER BY plays DESC
LIMIT 50;

-- name: group_recordings
-- The recordings of most plays since a moment, likewise.
-- $1 since timestamptz
SELECT p.recording, count(*) AS plays, count(DISTINCT p.account_id) AS listeners
FROM teal_play p
WHERE p.canonical AND p.played_at >= $1
GROUP BY p.recording
ORDER BY plays DESC
LIMIT 50;
