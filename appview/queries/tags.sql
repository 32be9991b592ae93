-- name: tags
-- Tags, those of most tracks first.
-- $1 fewer bigint, $2 tag text, $3 limit bigint
SELECT {{present({{tag_view(t)}})}} AS item, (-t.track_count)::bigint AS fewer, t.tag
FROM visible_tag t
WHERE (-t.track_count, t.tag) > ($1::bigint, $2)
ORDER BY -t.track_count, t.tag
LIMIT $3;

-- name: tags_beginning
-- Tags with this beginning, those of most tracks first. Up to a thousand are sorted; of more, those of each number of
-- tracks are found by the index, from one number to the next: a `stop` that is no tag only leads on.
-- $1 beginning text, $2 fewer bigint, $3 tag text, $4 limit bigint
WITH RECURSIVE beginning AS MATERIALIZED (
    SELECT $1::text AS tag, $1::text || chr(1114111) AS behind, (
        SELECT true FROM visible_tag t WHERE t.tag >= $1 AND t.tag < $1 || chr(1114111) OFFSET 1000 LIMIT 1
    ) AS many
),
stop AS (
    SELECT $2::bigint AS fewer, $3::text COLLATE "C" AS tag, false AS found FROM beginning b WHERE b.many
    UNION ALL
    SELECT next.fewer, next.tag, next.found
    FROM stop
    CROSS JOIN beginning b
    CROSS JOIN LATERAL (
        (
            SELECT (-t.track_count)::bigint AS fewer, t.tag, true AS found
            FROM visible_tag t
            WHERE -t.track_count = stop.fewer AND t.tag > stop.tag AND t.tag >= b.tag AND t.tag < b.behind
            ORDER BY t.tag
            LIMIT 1
        )
        UNION ALL
        (
            SELECT (-t.track_count)::bigint, '', false
            FROM visible_tag t
            WHERE -t.track_count > stop.fewer
            ORDER BY -t.track_count
            LIMIT 1
        )
        ORDER BY found DESC
        LIMIT 1
    ) next
)
SELECT {{present({{tag_view(t)}})}} AS item, (-t.track_count)::bigint AS fewer, t.tag
FROM (
    (
        SELECT t.tag, t.track_count
        FROM beginning b
        CROSS JOIN LATERAL (SELECT * FROM visible_tag f WHERE f.tag >= b.tag AND f.tag < b.behind OFFSET 0) t
        WHERE b.many IS NULL AND (-t.track_count, t.tag) > ($2::bigint, $3)
        ORDER BY -t.track_count, t.tag
        LIMIT $4
    )
    UNION ALL
    (SELECT stop.tag, -stop.fewer FROM stop WHERE stop.found LIMIT $4)
) t
ORDER BY -t.track_count, t.tag;

-- name: newest_tracks
-- The tracks with a tag, the newest first.
-- $1 tag text, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint, $6 viewer bigint
SELECT {{track_view(t, $6)}} AS item, g.sort_at, g.account_id, g.rkey
FROM visible_track_tag g
JOIN visible_track t ON t.account_id = g.account_id AND t.rkey = g.rkey
WHERE g.tag = $1 AND t.listed AND (g.sort_at, g.account_id, g.rkey) < ($2, $3, $4)
ORDER BY g.sort_at DESC, g.account_id DESC, g.rkey DESC
LIMIT $5;

-- name: popular_tracks
-- The tracks with a tag, the most liked first, of equals the most played, then the newest.
-- $1 tag text, $2 likes bigint, $3 plays bigint, $4 sort_at timestamptz, $5 account bigint, $6 rkey text, $7 limit bigint, $8 viewer bigint
SELECT {{track_view(t, $8)}} AS item, g.likes, g.plays, g.sort_at, g.account_id, g.rkey
FROM visible_track_tag g
JOIN visible_track t ON t.account_id = g.account_id AND t.rkey = g.rkey
WHERE g.tag = $1 AND t.listed
    AND (g.likes, g.plays, g.sort_at, g.account_id, g.rkey) < ($2::bigint, $3::bigint, $4, $5, $6)
ORDER BY g.likes DESC, g.plays DESC, g.sort_at DESC, g.account_id DESC, g.rkey DESC
LIMIT $7;
