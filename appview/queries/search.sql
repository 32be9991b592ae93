-- name: words
-- Known words for each that is looked for.
-- $1 words text[], $2 begin boolean[], $3 nears text[], $4 farthers text[], $5 withins text[], $6 sides text[], $7 rests text[], $8 rest_marks text[]
{{known_words(visible_word)}};

-- name: documents
-- Documents of the kinds asked for that may be what is meant.
-- $1 kinds text[], $2 whole text, $3 handle text, $4 often text, $5 wanted text[], $6 but text[], $7 among integer[], $8 dear boolean[], $9 excluded text[], $10 tags text[], $11 artist text, $12 account text, $13 pointed_kinds text[], $14 pointed_keys text[], $15 all_of_it boolean, $16 corrected text[], $17 limit integer, $18 either boolean
WITH asked AS MATERIALIZED ({{asked_by_slug()}})
{{documents('track', $17::integer)}}
UNION ALL
{{documents('artist', $17::integer)}}
UNION ALL
{{documents('album', $17::integer)}}
UNION ALL
{{documents('playlist', $17::integer)}}
UNION ALL
{{documents('tag', $17::integer)}};

-- name: documents_track
-- Tracks alone.
-- $1 kinds text[], $2 whole text, $3 handle text, $4 often text, $5 wanted text[], $6 but text[], $7 among integer[], $8 dear boolean[], $9 excluded text[], $10 tags text[], $11 artist text, $12 account text, $13 pointed_kinds text[], $14 pointed_keys text[], $15 all_of_it boolean, $16 corrected text[], $17 limit integer, $18 either boolean
WITH asked AS MATERIALIZED ({{asked()}})
{{documents('track', $17::integer)}};

-- name: documents_artist
-- Artists alone.
-- $1 kinds text[], $2 whole text, $3 handle text, $4 often text, $5 wanted text[], $6 but text[], $7 among integer[], $8 dear boolean[], $9 excluded text[], $10 tags text[], $11 artist text, $12 account text, $13 pointed_kinds text[], $14 pointed_keys text[], $15 all_of_it boolean, $16 corrected text[], $17 limit integer, $18 either boolean
WITH asked AS MATERIALIZED ({{asked()}})
{{documents('artist', $17::integer)}};

-- name: shown
-- The views of documents, in the order asked for; of albums the first so many that show: of those that hold but what
-- others may have made, nobody knows before whether there is any of it.
-- $1 kinds text[], $2 account_ids bigint[], $3 keys text[], $4 viewer bigint, $5 limit bigint
{{shown_tracks($4)}}
UNION ALL
SELECT asked.place, {{present({{actor_view(p)}})}}
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_profile p ON p.account_id = asked.account_id
WHERE asked.kind = 'artist' AND p.listed
UNION ALL
(SELECT asked.place, {{present({{album_view(b)}})}}
 FROM (
     SELECT *
     FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS document (kind, account_id, key, place)
     WHERE kind = 'album'
     ORDER BY place
 ) asked
 JOIN visible_album b ON b.account_id = asked.account_id AND b.by_list = starts_with(asked.key, 'list/')
     AND b.album = substr(asked.key, 6)
 WHERE b.listed
 ORDER BY asked.place
 LIMIT $5)
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

-- name: shown_track
-- Those of tracks alone, so many.
-- $1 kinds text[], $2 account_ids bigint[], $3 keys text[], $4 viewer bigint, $5 limit bigint
{{shown_tracks($4)}}
LIMIT $5;
