-- name: tags
-- Tags, those of most tracks first.
-- $1 fewer bigint, $2 tag text, $3 limit bigint
SELECT {{present({{tag_view(t)}})}} AS item, (-t.track_count)::bigint AS fewer, t.tag
FROM visible_tag t
WHERE (-t.track_count, t.tag) > ($1::bigint, $2)
ORDER BY -t.track_count, t.tag
LIMIT $3;

-- name: tags_beginning
-- Tags with this beginning, those of most tracks first.
-- $1 beginning text, $2 fewer bigint, $3 tag text, $4 limit bigint
SELECT {{present({{tag_view(t)}})}} AS item, (-t.track_count)::bigint AS fewer, t.tag
FROM visible_tag t
WHERE t.tag >= $1 AND t.tag < $1 || chr(1114111) AND (-t.track_count, t.tag) > ($2::bigint, $3)
ORDER BY -t.track_count, t.tag
LIMIT $4;

-- name: newest_tracks
-- The tracks with a tag, the newest first.
-- $1 tag text, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint, $6 viewer bigint
SELECT {{track_view(t, $6)}} AS item, g.sort_at, g.account_id, g.rkey
FROM visible_track_tag g
JOIN visible_track t ON t.account_id = g.account_id AND t.rkey = g.rkey
WHERE g.tag = $1 AND t.listed AND (g.sort_at, g.account_id, g.rkey) < ($2, $3, $4)
ORDER BY g.sort_at DESC, g.account_id DESC, g.rkey DESC
LIMIT $5;

-- name: tracks_by_likes
-- The tracks with a tag, the most liked first.
-- $1 tag text, $2 likes bigint, $3 sort_at timestamptz, $4 account bigint, $5 rkey text, $6 limit bigint, $7 viewer bigint
SELECT {{track_view(t, $7)}} AS item, t.like_count::bigint AS likes, g.sort_at, g.account_id, g.rkey
FROM visible_track_tag g
JOIN visible_track t ON t.account_id = g.account_id AND t.rkey = g.rkey
WHERE g.tag = $1 AND t.listed AND (t.like_count::bigint, g.sort_at, g.account_id, g.rkey) < ($2, $3, $4, $5)
ORDER BY t.like_count DESC, g.sort_at DESC, g.account_id DESC, g.rkey DESC
LIMIT $6;
