-- name: similar_tracks
-- What the newest 100 of those who like a track have liked among their newest 100 likes: the 300 tracks that most of
-- them like, in the order of how many they are against the root of all that like it. No row: no such track; one without
-- an item: nothing.
-- $1 authority text, $2 collection text, $3 rkey text, $4 limit bigint, $5 viewer bigint
SELECT closest.item
FROM visible_track asked
LEFT JOIN LATERAL (
    SELECT {{track_view(t, $5)}} AS item, shared.fans / sqrt(t.like_count + 5) AS closeness, t.uri
    FROM (
        SELECT own.subject, count(*) AS fans
        FROM (
            SELECT l.account_id
            FROM visible_like l
            WHERE l.subject = asked.uri
            ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
            LIMIT 100
        ) fan
        CROSS JOIN LATERAL (
            SELECT l.subject
            FROM visible_like l
            WHERE l.account_id = fan.account_id
            ORDER BY l.sort_at DESC, l.rkey DESC
            LIMIT 100
        ) own
        WHERE own.subject <> asked.uri
        GROUP BY own.subject
        ORDER BY fans DESC, own.subject DESC
        LIMIT 300
    ) shared
    CROSS JOIN LATERAL (SELECT * FROM visible_track t WHERE t.uri = shared.subject OFFSET 0) t
    WHERE t.listed
    ORDER BY closeness DESC, t.uri DESC
    LIMIT $4
) closest ON true
WHERE {{is_track(asked, $1, $2, $3)}}
ORDER BY closest.closeness DESC, closest.uri DESC;
