-- name: words
-- Known words for each that is looked for: itself (`way` 0), the commonest that it begins (1), that are near (2) or
-- farther (3), and that hold it (4). What is common is taken for typed as it was meant. Marks are texts of arrays.
-- $1 words text[], $2 begin boolean[], $3 nears text[], $4 farthers text[], $5 withins text[]
SELECT asked.place, found.way, found.word, found.documents
FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[], $5::text[])
    WITH ORDINALITY AS asked (word, begins, near, farther, within, place)
LEFT JOIN LATERAL (SELECT max(w.documents) AS documents FROM visible_word w WHERE w.word = asked.word) known ON true
CROSS JOIN LATERAL (
    (SELECT 0 AS way, asked.word, known.documents WHERE known.documents > 0)
    UNION ALL
    (SELECT 1, w.word, w.documents
     FROM visible_word w
     WHERE asked.begins AND length(asked.word) = 2 AND substr(w.word, 1, 2) = asked.word AND w.word <> asked.word
     ORDER BY w.weight DESC, w.word
     LIMIT 30)
    UNION ALL
    (SELECT 1, w.word, w.documents
     FROM (
         SELECT b.word, b.documents
         FROM visible_word b
         WHERE asked.begins AND length(asked.word) <> 2 AND b.word > asked.word AND b.word < asked.word || chr(1114111)
         ORDER BY b.word
         LIMIT 1000
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 30)
    UNION ALL
    (SELECT 2, w.word, w.documents
     FROM (
         SELECT n.word, n.documents
         FROM visible_word n
         WHERE n.marks && asked.near::integer[] AND (known.documents > 100) IS NOT TRUE
             AND abs(length(n.word) - length(asked.word)) <= 1 AND n.word <> asked.word
         LIMIT 300
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 60)
    UNION ALL
    (SELECT 3, w.word, w.documents
     FROM (
         SELECT n.word, n.documents
         FROM visible_word n
         WHERE n.marks && asked.farther::integer[] AND known.documents IS NULL
             AND abs(length(n.word) - length(asked.word)) <= 2
         LIMIT 2000
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 400)
    UNION ALL
    (SELECT 4, w.word, w.documents
     FROM (
         SELECT h.word, h.documents
         FROM visible_word h
         WHERE h.marks @> asked.within::integer[] AND (known.documents > 100) IS NOT TRUE
             AND position(asked.word IN h.word) > CASE WHEN asked.begins THEN 1 ELSE 0 END AND h.word <> asked.word
         LIMIT 300
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 20)
) found
ORDER BY asked.place, found.way, found.documents DESC, found.word;

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
