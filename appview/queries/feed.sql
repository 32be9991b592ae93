-- name: tracks
-- Tracks by the parts of their at-uris.
-- $1 dids text[], $2 collections text[], $3 rkeys text[], $4 viewer bigint
SELECT {{track_view(t, $4)}} AS item, asked.place
FROM {{asked_records($1, $2, $3)}}
JOIN visible_track t ON {{is_track(t, asked.did, asked.collection, asked.rkey)}};

-- name: latest_tracks
-- Everybody's tracks, the newest first.
-- $1 excluded text[], $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint, $6 viewer bigint
SELECT {{track_view(t, $6)}} AS item, t.sort_at, t.account_id, t.rkey
FROM visible_track t
WHERE t.listed AND NOT t.tags && $1::text[] AND (t.sort_at, t.account_id, t.rkey) < ($2, $3, $4)
ORDER BY t.sort_at DESC, t.account_id DESC, t.rkey DESC
LIMIT $5;

-- name: latest_tagged_tracks
-- Everybody's tracks with one of these tags, the newest first: the newest of each tag, merged.
-- $1 tags text[], $2 excluded text[], $3 sort_at timestamptz, $4 account bigint, $5 rkey text, $6 limit bigint, $7 viewer bigint
WITH found AS (
    SELECT DISTINCT newest.sort_at, newest.account_id, newest.rkey
    FROM unnest($1::text[]) AS wanted (tag)
    CROSS JOIN LATERAL (
        SELECT g.sort_at, g.account_id, g.rkey
        FROM visible_track_tag g
        JOIN visible_track t USING (account_id, rkey)
        WHERE g.tag = wanted.tag AND t.listed AND NOT t.tags && $2::text[] AND (g.sort_at, g.account_id, g.rkey) < ($3, $4, $5)
        ORDER BY g.sort_at DESC, g.account_id DESC, g.rkey DESC
        LIMIT $6
    ) newest
    ORDER BY newest.sort_at DESC, newest.account_id DESC, newest.rkey DESC
    LIMIT $6
)
SELECT {{track_view(t, $7)}} AS item, t.sort_at, t.account_id, t.rkey
FROM found
JOIN visible_track t USING (account_id, rkey)
ORDER BY t.sort_at DESC, t.account_id DESC, t.rkey DESC;

-- name: actor_tracks
-- One account's tracks, the newest first. No row: no such account; one without an item: no tracks.
-- $1 did text, $2 tags text[], $3 excluded text[], $4 sort_at timestamptz, $5 rkey text, $6 limit bigint, $7 viewer bigint
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{track_view(t, $7)}} AS item, t.sort_at, t.rkey
    FROM visible_track t
    WHERE t.account_id = a.id AND (cardinality($2::text[]) = 0 OR t.tags && $2) AND NOT t.tags && $3::text[] AND (t.sort_at, t.rkey) < ($4, $5)
    ORDER BY t.sort_at DESC, t.rkey DESC
    LIMIT $6
) newest ON true
WHERE a.did = $1
ORDER BY newest.sort_at DESC, newest.rkey DESC;

-- name: popular_actor_tracks
-- One account's tracks, the most liked first, of equals the most played, then the newest. No row: no such account; one without an item: no tracks.
-- $1 did text, $2 tags text[], $3 excluded text[], $4 likes bigint, $5 plays bigint, $6 sort_at timestamptz, $7 rkey text, $8 limit bigint, $9 viewer bigint
SELECT most.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{track_view(t, $9)}} AS item, best.like_count, best.play_count, best.sort_at, best.rkey
    FROM (
        SELECT r.account_id, r.rkey, r.sort_at, r.like_count::bigint AS like_count, r.play_count::bigint AS play_count
        FROM visible_ranked_track r
        WHERE r.account_id = a.id AND (cardinality($2::text[]) = 0 OR r.tags && $2) AND NOT r.tags && $3::text[]
            AND (r.like_count::bigint, r.play_count::bigint, r.sort_at, r.rkey) < ($4, $5, $6, $7)
        ORDER BY r.like_count DESC, r.play_count DESC, r.sort_at DESC, r.rkey DESC
        LIMIT $8
    ) best
    JOIN visible_track t ON t.account_id = best.account_id AND t.rkey = best.rkey
) most ON true
WHERE a.did = $1
ORDER BY most.like_count DESC, most.play_count DESC, most.sort_at DESC, most.rkey DESC;

-- name: track_likes
-- Who likes a track, each once, the newest first. No row: no such track; one without an item: no likes.
-- $1 did text, $2 collection text, $3 rkey text, $4 sort_at timestamptz, $5 account bigint, $6 like text, $7 limit bigint
SELECT newest.*
FROM visible_track t
LEFT JOIN LATERAL (
    SELECT {{present({{like_view(l)}})}} AS item, l.sort_at, l.account_id, l.rkey
    FROM visible_like l
    WHERE l.subject = t.uri AND (l.sort_at, l.account_id, l.rkey) < ($4, $5, $6)
    ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
    LIMIT $7
) newest ON true
WHERE {{is_track(t, $1, $2, $3)}}
ORDER BY newest.sort_at DESC, newest.account_id DESC, newest.rkey DESC;

-- name: comments_by_position
-- Comments on a track in the order of the audio. No row: no such track; one without an item: no comments.
-- $1 did text, $2 collection text, $3 rkey text, $4 position bigint, $5 sort_at timestamptz, $6 account bigint, $7 comment text, $8 limit bigint
SELECT earliest.*
FROM visible_track t
LEFT JOIN LATERAL (
    SELECT {{present({{comment_view(c)}})}} AS item, c.timestamp_ms, c.sort_at, c.account_id, c.rkey
    FROM visible_comment c
    WHERE c.subject = t.uri AND (c.timestamp_ms, c.sort_at, c.account_id, c.rkey) > ($4, $5, $6, $7)
    ORDER BY c.timestamp_ms, c.sort_at, c.account_id, c.rkey
    LIMIT $8
) earliest ON true
WHERE {{is_track(t, $1, $2, $3)}}
ORDER BY earliest.timestamp_ms, earliest.sort_at, earliest.account_id, earliest.rkey;

-- name: comments_by_time
-- Comments on a track, the newest first. No row: no such track; one without an item: no comments.
-- $1 did text, $2 collection text, $3 rkey text, $4 sort_at timestamptz, $5 account bigint, $6 comment text, $7 limit bigint
SELECT newest.*
FROM visible_track t
LEFT JOIN LATERAL (
    SELECT {{present({{comment_view(c)}})}} AS item, c.sort_at, c.account_id, c.rkey
    FROM visible_comment c
    WHERE c.subject = t.uri AND (c.sort_at, c.account_id, c.rkey) < ($4, $5, $6)
    ORDER BY c.sort_at DESC, c.account_id DESC, c.rkey DESC
    LIMIT $7
) newest ON true
WHERE {{is_track(t, $1, $2, $3)}}
ORDER BY newest.sort_at DESC, newest.account_id DESC, newest.rkey DESC;
