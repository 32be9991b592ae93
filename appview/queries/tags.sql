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
