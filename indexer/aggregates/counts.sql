-- name: hidden_accounts
-- Those of the accounts of which nothing is counted.
-- $1 account_ids bigint[]
SELECT account_id FROM actor_count WHERE account_id = ANY($1) AND hidden;

-- name: hide
-- Nothing of these accounts is counted from now on.
-- $1 account_ids bigint[]
INSERT INTO actor_count (account_id, hidden)
SELECT account_id, true FROM unnest($1::bigint[]) AS account_id ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET hidden = true;

-- name: show
-- These accounts count again; one that has nothing to count needs no row.
-- $1 account_ids bigint[]
WITH shown AS (
    UPDATE actor_count SET hidden = false
    WHERE account_id = ANY($1) AND (track_count <> 0 OR likes_received <> 0 OR scrobble_count <> 0 OR playlist_count <> 0)
)
DELETE FROM actor_count
WHERE account_id = ANY($1) AND track_count = 0 AND likes_received = 0 AND scrobble_count = 0 AND playlist_count = 0;

-- name: add_to_subjects
-- Add to what stands there; gives the sums.
-- $1 subjects text[], $2 likes integer[], $3 comments integer[], $4 owners bigint[]
INSERT INTO subject_count AS c (subject, like_count, comment_count, owner)
SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[]) AS change (subject, likes, comments, owner)
ORDER BY subject COLLATE "C"
ON CONFLICT (subject) DO UPDATE
SET like_count = c.like_count + EXCLUDED.like_count,
    comment_count = c.comment_count + EXCLUDED.comment_count,
    owner = c.owner + EXCLUDED.owner
RETURNING subject, owner, like_count, comment_count;

-- name: drop_subjects
-- Those of which nothing is left.
-- $1 subjects text[]
DELETE FROM subject_count WHERE subject = ANY($1) AND like_count = 0 AND comment_count = 0 AND owner = 0;

-- name: hold_actors
-- Until the transaction ends nobody else changes what stands there.
-- $1 account_ids bigint[]
SELECT FROM actor_count WHERE account_id = ANY($1) ORDER BY account_id FOR NO KEY UPDATE;

-- name: add_to_actors
-- Add to what stands there; gives the numbers of tracks and of plays, and whether the row has become needless.
-- $1 account_ids bigint[], $2 tracks integer[], $3 likes_received bigint[], $4 scrobbles bigint[], $5 durations numeric[], $6 playlists integer[]
INSERT INTO actor_count AS c (account_id, track_count, likes_received, scrobble_count, total_duration, playlist_count)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::numeric[], $6::integer[])
    AS change (account_id, tracks, likes_received, scrobbles, duration, playlists)
ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE
SET track_count = c.track_count + EXCLUDED.track_count,
    likes_received = c.likes_received + EXCLUDED.likes_received,
    scrobble_count = c.scrobble_count + EXCLUDED.scrobble_count,
    total_duration = c.total_duration + EXCLUDED.total_duration,
    playlist_count = c.playlist_count + EXCLUDED.playlist_count
RETURNING account_id, track_count, scrobble_count,
    track_count = 0 AND likes_received = 0 AND scrobble_count = 0 AND playlist_count = 0 AND NOT hidden AS empty;

-- name: drop_actors
-- Those of which nothing is left to count.
-- $1 account_ids bigint[]
DELETE FROM actor_count
WHERE account_id = ANY($1) AND track_count = 0 AND likes_received = 0 AND scrobble_count = 0 AND playlist_count = 0 AND NOT hidden;

-- name: add_to_tags
-- Add to what stands there; gives the sums.
-- $1 tags text[], $2 tracks integer[]
INSERT INTO tag_count AS c (tag, track_count)
SELECT * FROM unnest($1::text[], $2::integer[]) AS change (tag, tracks)
ORDER BY tag COLLATE "C"
ON CONFLICT (tag) DO UPDATE SET track_count = c.track_count + EXCLUDED.track_count
RETURNING tag, track_count;

-- name: drop_tags
-- Those that no track has any more.
-- $1 tags text[]
DELETE FROM tag_count WHERE tag = ANY ($1) AND track_count = 0;

-- name: add_to_totals
-- Add to the totals, slot by slot.
-- $1 slots smallint[], $2 tracks bigint[], $3 artists bigint[], $4 likes bigint[], $5 comments bigint[], $6 scrobbles bigint[], $7 durations numeric[], $8 lists bigint[], $9 listeners bigint[]
INSERT INTO totals AS t (
    slot, track_count, artist_count, like_count, comment_count, scrobble_count, total_duration, list_count, listener_count
)
SELECT * FROM unnest(
    $1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::numeric[], $8::bigint[],
    $9::bigint[]
) AS change (slot, tracks, artists, likes, comments, scrobbles, duration, lists, listeners)
ORDER BY slot
ON CONFLICT (slot) DO UPDATE
SET track_count = t.track_count + EXCLUDED.track_count,
    artist_count = t.artist_count + EXCLUDED.artist_count,
    like_count = t.like_count + EXCLUDED.like_count,
    comment_count = t.comment_count + EXCLUDED.comment_count,
    scrobble_count = t.scrobble_count + EXCLUDED.scrobble_count,
    total_duration = t.total_duration + EXCLUDED.total_duration,
    list_count = t.list_count + EXCLUDED.list_count,
    listener_count = t.listener_count + EXCLUDED.listener_count;

-- name: clear_subjects
-- Nothing is counted.
TRUNCATE subject_count;

-- name: clear_actors
-- Nobody is counted.
TRUNCATE actor_count;

-- name: clear_tags
-- No tag is counted.
TRUNCATE tag_count;

-- name: clear_totals
-- Nothing in any slot.
-- $1 slots integer
INSERT INTO totals (slot)
SELECT generate_series(0, $1 - 1)
ON CONFLICT (slot) DO UPDATE
SET track_count = 0, artist_count = 0, like_count = 0, comment_count = 0, scrobble_count = 0, total_duration = 0,
    list_count = 0, listener_count = 0;

-- name: hide_invisible
-- Of accounts that do not show nothing is counted.
INSERT INTO actor_count (account_id, hidden)
SELECT a.id, true FROM account a WHERE NOT EXISTS (SELECT FROM visible_account s WHERE s.id = a.id);
