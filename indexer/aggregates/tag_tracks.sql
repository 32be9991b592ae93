-- What is looked up by key is asked for row by row (LATERAL, OFFSET 0): of arrays the planner knows no lengths, and for
-- tables that were empty when it looked it would read them whole.

-- name: leave
-- Tracks have none of their tags.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM tag_track g
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
CROSS JOIN LATERAL (
    SELECT h.ctid
    FROM ranked_track r
    CROSS JOIN LATERAL unnest(r.tags) AS old (tag)
    JOIN tag_track h ON h.tag = old.tag AND h.sort_at = r.sort_at AND h.account_id = r.account_id AND h.rkey = r.rkey
    WHERE r.account_id = key.account_id AND r.rkey = key.rkey
    OFFSET 0
) had
WHERE g.ctid = had.ctid;

-- name: join
-- Tracks have their tags.
-- $1 account_ids bigint[], $2 rkeys text[]
INSERT INTO tag_track (account_id, sort_at, likes, plays, rkey, tag)
SELECT r.account_id, r.sort_at, coalesce(c.like_count, 0), r.play_count, r.rkey, new.tag
FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
JOIN ranked_track r ON r.account_id = key.account_id AND r.rkey = key.rkey
LEFT JOIN subject_count c ON c.subject = r.uri
CROSS JOIN LATERAL unnest(r.tags) AS new (tag);

-- name: count
-- Tracks have as many likes, and others as many plays, as are counted now.
-- $1 liked text[], $2 played text[]
WITH changed AS (
    SELECT uri, bool_or(liked) AS liked, bool_or(NOT liked) AS played
    FROM (SELECT unnest($1::text[]) AS uri, true AS liked UNION ALL SELECT unnest($2::text[]), false) each
    GROUP BY uri
),
held AS MATERIALIZED (
    SELECT g.tag, g.sort_at, g.account_id, g.rkey, changed.liked, changed.played, r.like_count, r.play_count
    FROM changed
    CROSS JOIN LATERAL (
        SELECT own.tag, r.sort_at, r.account_id, r.rkey, r.play_count, c.like_count
        FROM ranked_track r
        JOIN subject_count c ON c.subject = r.uri
        CROSS JOIN LATERAL unnest(r.tags) AS own (tag)
        WHERE r.uri = changed.uri
        OFFSET 0
    ) r
    JOIN tag_track g ON g.tag = r.tag AND g.sort_at = r.sort_at AND g.account_id = r.account_id AND g.rkey = r.rkey
    WHERE changed.liked AND g.likes <> r.like_count OR changed.played AND g.plays <> r.play_count
    ORDER BY g.tag, g.sort_at, g.account_id, g.rkey
    FOR UPDATE OF g
)
UPDATE tag_track g
SET likes = CASE WHEN held.liked THEN held.like_count ELSE g.likes END,
    plays = CASE WHEN held.played THEN held.play_count ELSE g.plays END
FROM held
WHERE g.tag = held.tag AND g.sort_at = held.sort_at AND g.account_id = held.account_id AND g.rkey = held.rkey;

-- name: clear
-- No track has a tag.
TRUNCATE tag_track;
