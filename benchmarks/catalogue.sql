-- name: some_tracks
-- Some tracks that show, in an order that has nothing to do with their age.
-- $1 limit bigint
SELECT uri FROM visible_track ORDER BY md5(uri) LIMIT $1;

-- name: some_accounts
-- Some accounts, likewise.
-- $1 limit bigint
SELECT did FROM account ORDER BY md5(did) LIMIT $1;

-- name: some_lists
-- Some albums and playlists, likewise.
-- $1 limit bigint
SELECT uri FROM visible_list ORDER BY md5(uri) LIMIT $1;

-- name: some_titles
-- Titles of some tracks, likewise.
-- $1 limit bigint, $2 least integer
SELECT title FROM plyr_track WHERE length(title) >= $2 ORDER BY md5(uri) LIMIT $1;

-- name: pretend_subscription
-- The server answers once a subscription has stood.
-- $1 source text
INSERT INTO source_cursor (source, seq) VALUES ($1, 1);

-- name: vacuum
-- The state of a database that has run for a while: statistics, and pages marked as visible to all.
VACUUM (ANALYZE);
