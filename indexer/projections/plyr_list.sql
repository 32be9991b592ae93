-- name: drop
-- Delete lists by key, and their items.
-- $1 account_ids bigint[], $2 rkeys text[]
WITH gone AS (
    DELETE FROM plyr_list l
    USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
    WHERE l.account_id = key.account_id AND l.rkey = key.rkey
    RETURNING l.account_id, l.rkey, l.list_type
),
emptied AS (
    DELETE FROM plyr_list_item i USING gone WHERE i.account_id = gone.account_id AND i.rkey = gone.rkey
)
SELECT account_id, 1 AS lists, (list_type = 'playlist')::integer AS playlists FROM gone;

-- name: purge
-- Delete all lists of accounts, and their items.
-- $1 account_ids bigint[]
WITH gone AS (DELETE FROM plyr_list WHERE account_id = ANY($1))
DELETE FROM plyr_list_item WHERE account_id = ANY($1);

-- name: contributed
-- What all lists of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, 1 AS lists, (list_type = 'playlist')::integer AS playlists FROM plyr_list WHERE account_id = ANY($1);

-- name: clear
-- Delete all.
TRUNCATE plyr_list, plyr_list_item;
