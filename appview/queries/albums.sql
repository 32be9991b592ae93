-- name: album_by_slug
-- One album of an account.
-- $1 did text, $2 slug text
SELECT {{present({{album_view(b)}})}} AS item, b.account_id, b.album, b.by_list
FROM visible_album b
WHERE b.account_id = {{account_id($1)}} AND b.slug = $2;

-- name: album_by_uri
-- One album by the parts of its list's at-uri.
-- $1 did text, $2 collection text, $3 rkey text
SELECT {{present({{album_view(b)}})}} AS item, b.account_id, b.album, b.by_list
FROM visible_album b
WHERE b.account_id = {{account_id($1)}} AND b.by_list AND b.album = $3 AND b.uri = 'at://' || b.did || '/' || $2 || '/' || $3;

-- name: tracks_on_list
-- The tracks of an album by list, each once, in its author's order.
-- $1 account bigint, $2 list text, $3 place bigint, $4 limit bigint, $5 viewer bigint
SELECT {{track_view(t, $5)}} AS item, i.place
FROM visible_list_item i
JOIN visible_track t ON t.uri = i.subject
WHERE i.account_id = $1 AND i.rkey = $2 AND NOT i.repeated AND i.place > $3::bigint
ORDER BY i.place
LIMIT $4;

-- name: tracks_by_name
-- The tracks of an album by name, the oldest first.
-- $1 account bigint, $2 name text, $3 sort_at timestamptz, $4 rkey text, $5 limit bigint, $6 viewer bigint
SELECT {{track_view(t, $6)}} AS item, m.sort_at, m.rkey
FROM visible_album_track m
JOIN visible_track t ON t.account_id = m.account_id AND t.rkey = m.rkey
WHERE m.account_id = $1 AND NOT m.by_list AND m.album = $2 AND (m.sort_at, m.rkey) > ($3, $4)
ORDER BY m.sort_at, m.rkey
LIMIT $5;

-- name: actor_albums
-- One account's albums by title. No row: no such account; one without an item: no albums.
-- $1 did text, $2 title text, $3 limit bigint
SELECT next.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{album_view(b)}})}} AS item, b.by_title
    FROM visible_album b
    WHERE b.account_id = a.id AND b.by_title > $2
    ORDER BY b.by_title
    LIMIT $3
) next ON true
WHERE a.did = $1
ORDER BY next.by_title;

-- name: latest_albums
-- Everybody's albums, the newest first.
-- $1 since timestamptz, $2 account bigint, $3 slug text, $4 limit bigint
SELECT {{present({{album_view(b)}})}} AS item, b.since, b.account_id, b.slug
FROM visible_album b
WHERE b.listed AND (b.since, b.account_id, b.slug) < ($1, $2, $3)
ORDER BY b.since DESC, b.account_id DESC, b.slug DESC
LIMIT $4;
