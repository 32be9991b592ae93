-- name: similar_tracks
-- What the newest 100 of those who like a track have liked among their newest 100 likes: the 300 tracks that most of
-- them like, in the order of how many they are against the root of all that like it. No row: no such track; one without
-- an item: nothing.
-- $1 did text, $2 collection text, $3 rkey text, $4 limit bigint, $5 viewer bigint
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
    JOIN visible_track t ON t.uri = shared.subject
    WHERE t.listed
    ORDER BY closeness DESC, t.uri DESC
    LIMIT $4
) closest ON true
WHERE {{is_track(asked, $1, $2, $3)}}
ORDER BY closest.closeness DESC, closest.uri DESC;

-- name: for_you
-- Tracks for an account, none of its own and none that it likes: the 500 best that are liked by the 50 that share most of
-- its newest 50 likes, by how many likes they share; then the 500 that are liked most, of the first 5,000.
-- $1 viewer bigint, $2 score bigint, $3 likes bigint, $4 uri text, $5 limit bigint
WITH near AS (
    SELECT fan.account_id, count(*) AS shared
    FROM (
        SELECT l.subject
        FROM visible_like l
        WHERE l.account_id = $1
        ORDER BY l.sort_at DESC, l.rkey DESC
        LIMIT 50
    ) own
    CROSS JOIN LATERAL (
        SELECT l.account_id
        FROM visible_like l
        WHERE l.subject = own.subject
        ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
        LIMIT 50
    ) fan
    WHERE fan.account_id <> $1
    GROUP BY fan.account_id
    ORDER BY shared DESC, fan.account_id DESC
    LIMIT 50
),
shared AS (
    SELECT own.subject AS uri, sum(near.shared)::bigint AS score
    FROM near
    CROSS JOIN LATERAL (
        SELECT l.subject
        FROM visible_like l
        WHERE l.account_id = near.account_id
        ORDER BY l.sort_at DESC, l.rkey DESC
        LIMIT 100
    ) own
    GROUP BY own.subject
),
proposed AS (
    SELECT uri, max(score) AS score
    FROM (
        (SELECT likely.uri, likely.score
         FROM (SELECT * FROM shared ORDER BY score DESC, uri DESC LIMIT 5000) likely
         WHERE {{is_proposal(likely.uri, $1)}}
         ORDER BY likely.score DESC, likely.uri DESC
         LIMIT 500)
        UNION ALL
        (SELECT most.uri, 0
         FROM (SELECT * FROM visible_liked_track ORDER BY likes DESC, uri DESC LIMIT 5000) most
         WHERE {{is_proposal(most.uri, $1)}}
         ORDER BY most.likes DESC, most.uri DESC
         LIMIT 500)
    ) candidate
    GROUP BY uri
)
SELECT {{track_view(t, $1)}} AS item, t.score, t.like_count::bigint AS likes, t.uri
FROM (
    SELECT t.*, p.score
    FROM proposed p
    JOIN visible_track t ON t.uri = p.uri
    WHERE (p.score, t.like_count::bigint, t.uri) < ($2, $3, $4)
    ORDER BY p.score DESC, t.like_count DESC, t.uri DESC
    LIMIT $5
) t
ORDER BY t.score DESC, t.like_count DESC, t.uri DESC;
