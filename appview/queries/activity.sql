-- name: activity
-- What everybody does, the newest first: the newest of each kind, merged.
-- $1 kinds text[], $2 sort_at timestamptz, $3 account bigint, $4 rank bigint, $5 rkey text, $6 limit bigint, $7 viewer bigint
WITH found AS (
    (SELECT 'join' AS kind, 5 AS rank, j.sort_at, j.account_id, j.rkey, j.uri, NULL AS track
     FROM visible_join j
     WHERE 'join' = ANY ($1) AND j.listed AND (j.sort_at, j.account_id) < ($2, $3)
     ORDER BY j.sort_at DESC, j.account_id DESC
     LIMIT $6)
    UNION ALL
    (SELECT 'track', 4, t.sort_at, t.account_id, t.rkey, t.uri, t.uri
     FROM visible_track t
     WHERE 'track' = ANY ($1) AND t.listed AND (t.sort_at, t.account_id, t.rkey) < ($2, $3, {{rkey_before(4, $4, $5)}})
     ORDER BY t.sort_at DESC, t.account_id DESC, t.rkey DESC
     LIMIT $6)
    UNION ALL
    (SELECT 'list', 3, l.sort_at, l.account_id, l.rkey, l.uri, NULL
     FROM visible_list l
     WHERE 'list' = ANY ($1) AND l.listed AND (l.sort_at, l.account_id, l.rkey) < ($2, $3, {{rkey_before(3, $4, $5)}})
     ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
     LIMIT $6)
    UNION ALL
    (SELECT 'comment', 2, c.sort_at, c.account_id, c.rkey, c.uri, c.subject
     FROM visible_comment c
     JOIN visible_track t ON t.uri = c.subject
     WHERE 'comment' = ANY ($1) AND c.listed AND t.listed
         AND (c.sort_at, c.account_id, c.rkey) < ($2, $3, {{rkey_before(2, $4, $5)}})
     ORDER BY c.sort_at DESC, c.account_id DESC, c.rkey DESC
     LIMIT $6)
    UNION ALL
    (SELECT 'like', 1, l.sort_at, l.account_id, l.rkey, l.uri, l.subject
     FROM visible_like l
     JOIN visible_track t ON t.uri = l.subject
     WHERE 'like' = ANY ($1) AND l.listed AND t.listed
         AND (l.sort_at, l.account_id, l.rkey) < ($2, $3, {{rkey_before(1, $4, $5)}})
     ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
     LIMIT $6)
),
newest AS (
    SELECT * FROM found ORDER BY sort_at DESC, account_id DESC, rank DESC, rkey DESC LIMIT $6
)
SELECT {{activity_view(act, $7)}} AS item, act.sort_at, act.account_id, act.rank, act.rkey
FROM newest act
ORDER BY act.sort_at DESC, act.account_id DESC, act.rank DESC, act.rkey DESC;

-- name: actor_activity
-- What one account does, the newest first. No row: no such account; one without an item: nothing.
-- $1 did text, $2 kinds text[], $3 sort_at timestamptz, $4 rank bigint, $5 rkey text, $6 limit bigint, $7 viewer bigint
SELECT CASE WHEN act.kind IS NOT NULL THEN {{activity_view(act, $7)}} END AS item, act.sort_at, act.rank, act.rkey
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT *
    FROM (
        (SELECT 'join' AS kind, 5 AS rank, j.sort_at, j.account_id, j.rkey, j.uri, NULL AS track
         FROM visible_join j
         WHERE 'join' = ANY ($2) AND j.account_id = a.id AND (j.sort_at, j.rkey) < ($3, {{rkey_before(5, $4, $5)}}))
        UNION ALL
        (SELECT 'track', 4, t.sort_at, t.account_id, t.rkey, t.uri, t.uri
         FROM visible_track t
         WHERE 'track' = ANY ($2) AND t.account_id = a.id AND (t.sort_at, t.rkey) < ($3, {{rkey_before(4, $4, $5)}})
         ORDER BY t.sort_at DESC, t.rkey DESC
         LIMIT $6)
        UNION ALL
        (SELECT 'list', 3, l.sort_at, l.account_id, l.rkey, l.uri, NULL
         FROM visible_list l
         WHERE 'list' = ANY ($2) AND l.account_id = a.id AND (l.sort_at, l.rkey) < ($3, {{rkey_before(3, $4, $5)}})
         ORDER BY l.sort_at DESC, l.rkey DESC
         LIMIT $6)
        UNION ALL
        (SELECT 'comment', 2, c.sort_at, c.account_id, c.rkey, c.uri, c.subject
         FROM visible_comment c
         JOIN visible_track t ON t.uri = c.subject
         WHERE 'comment' = ANY ($2) AND c.account_id = a.id AND t.listed
             AND (c.sort_at, c.rkey) < ($3, {{rkey_before(2, $4, $5)}})
         ORDER BY c.sort_at DESC, c.rkey DESC
         LIMIT $6)
        UNION ALL
        (SELECT 'like', 1, l.sort_at, l.account_id, l.rkey, l.uri, l.subject
         FROM visible_like l
         JOIN visible_track t ON t.uri = l.subject
         WHERE 'like' = ANY ($2) AND l.account_id = a.id AND t.listed
             AND (l.sort_at, l.rkey) < ($3, {{rkey_before(1, $4, $5)}})
         ORDER BY l.sort_at DESC, l.rkey DESC
         LIMIT $6)
    ) found
    ORDER BY found.sort_at DESC, found.rank DESC, found.rkey DESC
    LIMIT $6
) act ON true
WHERE a.did = $1
ORDER BY act.sort_at DESC, act.rank DESC, act.rkey DESC;

-- name: actor_likes
-- The tracks that an account likes, the newest like first. No row: no such account; one without an item: none.
-- $1 did text, $2 sort_at timestamptz, $3 like text, $4 limit bigint, $5 viewer bigint
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{track_view(t, $5)}} AS item, l.sort_at, l.rkey
    FROM visible_like l
    JOIN visible_track t ON t.uri = l.subject
    WHERE l.account_id = a.id AND t.listed AND (l.sort_at, l.rkey) < ($2, $3)
    ORDER BY l.sort_at DESC, l.rkey DESC
    LIMIT $4
) newest ON true
WHERE a.did = $1
ORDER BY newest.sort_at DESC, newest.rkey DESC;
