-- name: fall
-- Tracks that show no more; gives what was counted for their tags.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM ranked_track r
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE r.account_id = key.account_id AND r.rkey = key.rkey
RETURNING r.tags, r.play_count;

-- name: tagged
-- What is counted for the tags of tracks.
-- $1 account_ids bigint[], $2 rkeys text[]
SELECT r.account_id, r.rkey, r.tags, r.play_count
FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
JOIN ranked_track r ON r.account_id = key.account_id AND r.rkey = key.rkey AND r.play_count > 0;

-- name: add_to_tracks
-- Add to what stands there; gives the tags of each track with its change. Tracks that went are passed over.
-- $1 uris text[], $2 plays integer[]
WITH held AS MATERIALIZED (
    SELECT r.uri, change.plays
    FROM unnest($1::text[], $2::integer[]) AS change (uri, plays)
    JOIN ranked_track r ON r.uri = change.uri
    ORDER BY r.uri
    FOR UPDATE OF r
)
UPDATE ranked_track r
SET play_count = r.play_count + held.plays
FROM held
WHERE r.uri = held.uri
RETURNING r.tags, held.plays;

-- name: add_to_listeners
-- Add to what stands there; gives the sums.
-- $1 owners bigint[], $2 account_ids bigint[], $3 plays bigint[]
INSERT INTO track_listener AS l (owner, account_id, plays)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS change (owner, account_id, plays)
ORDER BY owner, account_id
ON CONFLICT (owner, account_id) DO UPDATE SET plays = l.plays + EXCLUDED.plays
RETURNING owner, account_id, plays;

-- name: drop_listeners
-- Those who have played nothing of an author any more.
-- $1 owners bigint[], $2 account_ids bigint[]
DELETE FROM track_listener l
USING unnest($1::bigint[], $2::bigint[]) AS gone (owner, account_id)
WHERE l.owner = gone.owner AND l.account_id = gone.account_id AND l.plays = 0;

-- name: add_to_actors
-- Add to what stands there; gives whether anything is left.
-- $1 account_ids bigint[], $2 plays bigint[], $3 listeners bigint[]
INSERT INTO heard_actor AS h (account_id, play_count, listener_count)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS change (account_id, plays, listeners)
ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE
SET play_count = h.play_count + EXCLUDED.play_count, listener_count = h.listener_count + EXCLUDED.listener_count
RETURNING account_id, play_count <> 0 OR listener_count <> 0 AS anything;

-- name: drop_actors
-- Those of whom nobody has played anything any more.
-- $1 account_ids bigint[]
DELETE FROM heard_actor WHERE account_id = ANY ($1) AND play_count = 0 AND listener_count = 0;

-- name: add_to_tags
-- Add to what stands there; gives the sums.
-- $1 tags text[], $2 plays bigint[]
INSERT INTO heard_tag AS h (tag, play_count)
SELECT * FROM unnest($1::text[], $2::bigint[]) AS change (tag, plays)
ORDER BY tag COLLATE "C"
ON CONFLICT (tag) DO UPDATE SET play_count = h.play_count + EXCLUDED.play_count
RETURNING tag, play_count;

-- name: drop_tags
-- Those of which no track has been played any more.
-- $1 tags text[]
DELETE FROM heard_tag WHERE tag = ANY ($1) AND play_count = 0;

-- name: add_to_totals
-- Add to the totals, slot by slot.
-- $1 slots smallint[], $2 plays bigint[]
INSERT INTO heard_total AS h (slot, play_count)
SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS change (slot, plays)
ORDER BY slot
ON CONFLICT (slot) DO UPDATE SET play_count = h.play_count + EXCLUDED.play_count;

-- name: clear
-- Nobody has played any track.
TRUNCATE track_listener, heard_actor, heard_tag;

-- name: clear_totals
-- Nothing in any slot.
-- $1 slots integer
INSERT INTO heard_total (slot)
SELECT generate_series(0, $1 - 1)
ON CONFLICT (slot) DO UPDATE SET play_count = 0;
