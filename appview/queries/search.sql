-- name: words
-- Known words for each that is looked for.
-- $1 words text[], $2 begin boolean[], $3 nears text[], $4 farthers text[], $5 withins text[]
{{known_words(visible_word)}};

-- name: documents
-- Documents of the kinds asked for that may be what is meant.
-- $1 kinds text[], $2 whole text, $3 handle text, $4 strict text, $5 wide text, $6 some text, $7 common boolean, $8 excluded text[], $9 tags text[], $10 artist text, $11 account text, $12 pointed_kinds text[], $13 pointed_keys text[], $14 all_of_it boolean, $15 limit integer
WITH asked AS MATERIALIZED (
    SELECT $2::text AS whole, $3::text AS handle, $4::text::tsquery AS strict, $5::text::tsquery AS wide,
           $6::text::tsquery AS some, $7::boolean AS common, $8::text[] AS excluded, $9::text[] AS tags,
           $10::text AS artist, $14::boolean AS all_of_it,
           -- An account that is not known has nothing.
           CASE WHEN $11::text IS NOT NULL THEN coalesce(
               {{account_id($11::text)}},
               (SELECT by_handle.account_id FROM visible_handle by_handle WHERE by_handle.handle = $11::text),
               0
           ) END AS account_id
)
{{documents('track', $15::integer)}}
UNION ALL
{{documents('artist', $15::integer)}}
UNION ALL
{{documents('album', $15::integer)}}
UNION ALL
{{documents('playlist', $15::integer)}}
UNION ALL
{{documents('tag', $15::integer)}};

-- name: shown
-- The views of documents, in the order asked for.
-- $1 kinds text[], $2 account_ids bigint[], $3 keys text[], $4 viewer bigint
SELECT asked.place, {{track_view(t, $4)}} AS item
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_track t ON t.account_id = asked.account_id AND t.rkey = asked.key
WHERE asked.kind = 'track' AND t.listed
UNION ALL
SELECT asked.place, {{present({{actor_view(p)}})}}
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_profile p ON p.account_id = asked.account_id
WHERE asked.kind = 'artist' AND p.listed
UNION ALL
SELECT asked.place, {{present({{album_view(b)}})}}
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_album b ON b.account_id = asked.account_id AND b.by_list = starts_with(asked.key, 'list/')
    AND b.album = substr(asked.key, 6)
WHERE asked.kind = 'album' AND b.listed
UNION ALL
SELECT asked.place, {{present({{list_view(l)}})}}
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_list l ON l.account_id = asked.account_id AND l.rkey = substr(asked.key, 6)
WHERE asked.kind = 'playlist' AND l.listed
UNION ALL
SELECT asked.place, {{present({{tag_view(g)}})}}
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_tag g ON g.tag = asked.key
WHERE asked.kind = 'tag'
ORDER BY place;
