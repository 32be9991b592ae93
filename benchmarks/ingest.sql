-- name: some_accounts
-- The accounts that came first.
-- $1 limit bigint
SELECT id FROM account ORDER BY id LIMIT $1;

-- name: wait_for_the_disk
-- As a session does unless it is told otherwise.
SET synchronous_commit = on;

-- name: rows_of_record
-- These accounts' rows, each as one value.
-- $1 account_ids bigint[]
SELECT r AS whole FROM record r WHERE r.account_id = ANY ($1::bigint[]);

-- name: empty_record
-- Begin anew.
TRUNCATE record;

-- name: insert_record
-- One row.
-- $1 whole record
INSERT INTO record SELECT ($1::public.record).*;

-- name: rows_of_plyr_track
-- These accounts' rows, each as one value.
-- $1 account_ids bigint[]
SELECT r AS whole FROM plyr_track r WHERE r.account_id = ANY ($1::bigint[]);

-- name: empty_plyr_track
-- Begin anew.
TRUNCATE plyr_track;

-- name: insert_plyr_track
-- One row.
-- $1 whole plyr_track
INSERT INTO plyr_track (
    account_id, sort_at, created_at, indexed_at, duration, audio_size, rkey, uri, cid, title, artist, file_type, audio_cid,
    audio_mime, audio_url, album, image, description, support_gate, tags, features, self_labels, record
)
SELECT
    account_id, sort_at, created_at, indexed_at, duration, audio_size, rkey, uri, cid, title, artist, file_type, audio_cid,
    audio_mime, audio_url, album, image, description, support_gate, tags, features, self_labels, record
FROM (SELECT ($1::plyr_track).*) r;

-- name: rows_of_plyr_like
-- These accounts' rows, each as one value.
-- $1 account_ids bigint[]
SELECT r AS whole FROM plyr_like r WHERE r.account_id = ANY ($1::bigint[]);

-- name: empty_plyr_like
-- Begin anew.
TRUNCATE plyr_like;

-- name: insert_plyr_like
-- One row.
-- $1 whole plyr_like
INSERT INTO plyr_like SELECT ($1::plyr_like).*;

-- name: rows_of_plyr_comment
-- These accounts' rows, each as one value.
-- $1 account_ids bigint[]
SELECT r AS whole FROM plyr_comment r WHERE r.account_id = ANY ($1::bigint[]);

-- name: empty_plyr_comment
-- Begin anew.
TRUNCATE plyr_comment;

-- name: insert_plyr_comment
-- One row.
-- $1 whole plyr_comment
INSERT INTO plyr_comment SELECT ($1::plyr_comment).*;

-- name: rows_of_teal_play
-- These accounts' rows, each as one value.
-- $1 account_ids bigint[]
SELECT r AS whole FROM teal_play r WHERE r.account_id = ANY ($1::bigint[]);

-- name: empty_teal_play
-- Begin anew.
TRUNCATE teal_play;

-- name: insert_teal_play
-- One row.
-- $1 whole teal_play
INSERT INTO teal_play SELECT ($1::teal_play).*;
