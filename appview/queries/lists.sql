-- name: lists
-- Lists by the parts of their at-uris.
-- $1 dids text[], $2 collections text[], $3 rkeys text[]
SELECT {{present({{list_view(l)}})}} AS item, l.account_id, l.rkey, asked.place
FROM {{asked_records($1, $2, $3)}}
JOIN visible_list l ON {{is_record(l, asked.did, asked.collection, asked.rkey)}};

-- name: items
-- What shows of one list, in its author's order.
-- $1 account bigint, $2 rkey text, $3 place bigint, $4 limit bigint, $5 viewer bigint
SELECT {{item_view(i, t, $5)}} AS item, i.place
FROM visible_list_item i
JOIN visible_track t ON t.uri = i.subject
WHERE i.account_id = $1 AND i.rkey = $2 AND i.place > $3::bigint
ORDER BY i.place
LIMIT $4;

-- name: actor_lists
-- One account's lists, the newest first. No row: no such account; one without an item: no lists.
-- $1 did text, $2 sort_at timestamptz, $3 rkey text, $4 limit bigint
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{list_view(l)}})}} AS item, l.sort_at, l.rkey
    FROM visible_list l
    WHERE l.account_id = a.id AND (l.sort_at, l.rkey) < ($2, $3)
    ORDER BY l.sort_at DESC, l.rkey DESC
    LIMIT $4
) newest ON true
WHERE a.did = $1
ORDER BY newest.sort_at DESC, newest.rkey DESC;

-- name: actor_lists_of_type
-- One account's lists of one type, the newest first. No row: no such account; one without an item: no lists.
-- $1 did text, $2 type text, $3 sort_at timestamptz, $4 rkey text, $5 limit bigint
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{list_view(l)}})}} AS item, l.sort_at, l.rkey
    FROM visible_list l
    WHERE l.account_id = a.id AND l.list_type = $2 AND (l.sort_at, l.rkey) < ($3, $4)
    ORDER BY l.sort_at DESC, l.rkey DESC
    LIMIT $5
) newest ON true
WHERE a.did = $1
ORDER BY newest.sort_at DESC, newest.rkey DESC;

-- name: lists_with_track
-- Lists on which a track stands, of one type if `type` is given, the newest first. No row: no such track; one without an
-- item: no lists.
-- $1 did text, $2 collection text, $3 rkey text, $4 type text, $5 sort_at timestamptz, $6 account bigint, $7 list text, $8 limit bigint
SELECT newest.*
FROM visible_track asked
LEFT JOIN LATERAL (
    SELECT {{present({{list_view(l)}})}} AS item, i.sort_at, i.account_id, i.rkey
    FROM visible_list_item i
    JOIN visible_list l ON l.account_id = i.account_id AND l.rkey = i.rkey
    WHERE i.subject = asked.uri AND NOT i.repeated AND l.listed AND ($4::text IS NULL OR l.list_type = $4)
        AND (i.sort_at, i.account_id, i.rkey) < ($5, $6, $7)
    ORDER BY i.sort_at DESC, i.account_id DESC, i.rkey DESC
    LIMIT $8
) newest ON true
WHERE {{is_track(asked, $1, $2, $3)}}
ORDER BY newest.sort_at DESC, newest.account_id DESC, newest.rkey DESC;
