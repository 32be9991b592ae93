-- name: drop
-- Delete likes by key.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM plyr_like l
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE l.account_id = key.account_id AND l.rkey = key.rkey
RETURNING l.account_id, l.subject, (l.sort_at AT TIME ZONE 'UTC')::date AS day, l.canonical::integer AS likes;

-- name: settle
-- The earliest like of each touched pair of account and subject counts, and no other. The candidates are those that
-- count (the former one and what has just come) and the first of the rest.
-- $1 account_ids bigint[], $2 rkeys text[], $3 left_account_ids bigint[], $4 left_subjects text[]
WITH touched AS (
    SELECT l.account_id, l.subject
    FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
    JOIN plyr_like l ON l.account_id = key.account_id AND l.rkey = key.rkey
    UNION
    SELECT * FROM unnest($3::bigint[], $4::text[])
),
candidate AS (
    SELECT l.account_id, l.subject, l.sort_at, l.rkey, l.canonical
    FROM touched t
    JOIN plyr_like l ON l.account_id = t.account_id AND l.subject = t.subject AND l.canonical
    UNION ALL
    SELECT next.*
    FROM touched t
    CROSS JOIN LATERAL (
        SELECT l.account_id, l.subject, l.sort_at, l.rkey, l.canonical
        FROM plyr_like l
        WHERE l.account_id = t.account_id AND l.subject = t.subject AND NOT l.canonical
        ORDER BY l.sort_at, l.rkey
        LIMIT 1
    ) next
),
judged AS (
    SELECT account_id, rkey, canonical,
           row_number() OVER (PARTITION BY account_id, subject ORDER BY sort_at, rkey) = 1 AS wanted
    FROM candidate
)
UPDATE plyr_like l
SET canonical = j.wanted
FROM judged j
WHERE l.account_id = j.account_id AND l.rkey = j.rkey AND j.canonical <> j.wanted
RETURNING l.account_id, l.rkey, l.subject, (l.sort_at AT TIME ZONE 'UTC')::date AS day,
          CASE WHEN l.canonical THEN 1 ELSE -1 END AS likes;

-- name: purge
-- Delete all likes of accounts.
-- $1 account_ids bigint[]
DELETE FROM plyr_like WHERE account_id = ANY($1);

-- name: contributed
-- What all likes of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, subject, (sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS likes
FROM plyr_like
WHERE account_id = ANY($1) AND canonical;

-- name: clear
-- Delete all.
TRUNCATE plyr_like;
