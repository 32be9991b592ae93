-- fragment: known_words(vocabulary)
-- Known words for each that is looked for: itself (`way` 0), the commonest that it begins (1), that are near (2) or
-- farther (3), and that hold it (4); of one that is not known two words between which it lacks a space (5), the `other`
-- of which is one of its `sides` as it is typed, and the first near what `rests` beyond a letter. What is common is taken
-- for typed as it was meant. Marks and parts are texts of arrays. For a statement with the parameters $1 words text[],
-- $2 begin boolean[], $3 nears text[], $4 farthers text[], $5 withins text[], $6 sides text[], $7 rests text[],
-- $8 rest_marks text[].
SELECT asked.place, found.way, found.word, found.documents, found.other
FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    WITH ORDINALITY AS asked (word, begins, near, farther, within, sides, rests, rest_marks, place)
LEFT JOIN LATERAL (SELECT max(w.documents) AS documents FROM :vocabulary w WHERE w.word = asked.word) known ON true
CROSS JOIN LATERAL (
    (SELECT 0 AS way, asked.word, known.documents, NULL AS other WHERE known.documents > 0)
    UNION ALL
    (SELECT 1, w.word, w.documents, NULL
     FROM :vocabulary w
     WHERE asked.begins AND length(asked.word) = 2 AND substr(w.word, 1, 2) = asked.word AND w.word <> asked.word
     ORDER BY w.weight DESC, w.word
     LIMIT 30)
    UNION ALL
    (SELECT 1, w.word, w.documents, NULL
     FROM :vocabulary w
     WHERE asked.begins AND length(asked.word) = 3 AND substr(w.word, 1, 3) = asked.word AND w.word <> asked.word
     ORDER BY w.weight DESC, w.word
     LIMIT 30)
    UNION ALL
    (SELECT 1, w.word, w.documents, NULL
     FROM (
         SELECT b.word, b.documents
         FROM :vocabulary b
         WHERE asked.begins AND length(asked.word) NOT IN (2, 3) AND b.word > asked.word AND b.word < asked.word || chr(1114111)
         ORDER BY b.word
         LIMIT 1000
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 30)
    UNION ALL
    (SELECT 2, w.word, w.documents, NULL
     FROM (
         SELECT n.word, n.documents
         FROM :vocabulary n
         WHERE n.marks && asked.near::integer[] AND (known.documents > 100) IS NOT TRUE
             AND abs(length(n.word) - length(asked.word)) <= 1 AND n.word <> asked.word
         LIMIT 300
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 60)
    UNION ALL
    (SELECT 3, w.word, w.documents, NULL
     FROM (
         SELECT n.word, n.documents
         FROM :vocabulary n
         WHERE n.marks && asked.farther::integer[] AND known.documents IS NULL
             AND abs(length(n.word) - length(asked.word)) <= 2
         LIMIT 2000
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 400)
    UNION ALL
    (SELECT 4, w.word, w.documents, NULL
     FROM (
         SELECT h.word, h.documents
         FROM :vocabulary h
         WHERE h.marks @> asked.within::integer[] AND (known.documents > 100) IS NOT TRUE
             AND position(asked.word IN h.word) > CASE WHEN asked.begins THEN 1 ELSE 0 END AND h.word <> asked.word
         LIMIT 300
     ) w
     ORDER BY w.documents DESC, w.word
     LIMIT 20)
    UNION ALL
    (SELECT 5, rest.word, least(rest.documents, side.documents), side.word
     FROM unnest(asked.sides::text[], asked.rests::text[], asked.rest_marks::text[]) AS part (side, rest, marks)
     JOIN :vocabulary side ON side.word = part.side
     CROSS JOIN LATERAL (
         SELECT n.word, n.documents
         FROM :vocabulary n
         WHERE n.marks && part.marks::integer[] AND abs(length(n.word) - length(part.rest)) <= 1
         LIMIT 20
     ) rest
     WHERE known.documents IS NULL
     LIMIT 100)
) found
ORDER BY asked.place, found.way, found.documents DESC, found.word, found.other

-- fragment: typed()
-- What is looked for, as a row: of the parameters of the statement `documents`.
SELECT $2::text AS whole, $3::text AS handle, $4::text::tsquery AS often, $5::text[]::tsquery[] AS wanted,
       $6::text[]::tsquery[] AS but, $7::integer[] AS among, $8::boolean[] AS dear, $9::text[] AS excluded,
       $10::text[] AS tags, $13::text[] AS kinds, $14::text[] AS keys, $15::boolean AS all_of_it,
       $16::text[] AS corrected, cardinality($9) > 0 OR cardinality($10) > 0 OR $11::text IS NOT NULL AS narrowed,
       -- What may be an account or a name is a name when there is no such account.
       CASE WHEN NOT $18::boolean OR known.account_id IS NULL THEN $11::text END AS artist,
       -- Any other account that is not known has nothing, not even the tags, which are nobody's.
       CASE WHEN $12::text IS NOT NULL THEN coalesce(known.account_id, CASE WHEN NOT $18::boolean THEN -1 END)
       END AS account_id
FROM (
    SELECT coalesce(
        {{account_id($12::text)}},
        (SELECT by_handle.account_id FROM visible_handle by_handle WHERE by_handle.handle = $12::text)
    ) AS account_id
) known

-- fragment: asked()
-- The same, and the kinds and keys of the documents that are pointed to.
SELECT typed.*, typed.kinds AS pointed_kinds, typed.keys AS pointed_keys FROM ({{typed()}}) typed

-- fragment: asked_by_slug()
-- The same, where an album may be pointed to by its slug.
SELECT typed.*,
       CASE typed.kinds[1] WHEN 'slug' THEN '{album}' ELSE typed.kinds END AS pointed_kinds,
       CASE typed.kinds[1] WHEN 'slug' THEN ARRAY[(
           SELECT CASE WHEN b.by_list THEN 'list/' ELSE 'name/' END || b.album
           FROM visible_album b
           WHERE b.account_id = typed.account_id AND b.slug = typed.keys[1]
       )] ELSE typed.keys END AS pointed_keys
FROM ({{typed()}}) typed

-- fragment: documents(kind, most)
-- Documents of one kind that may be what is asked for, at most so many, those first that are likely to be: the one that
-- is pointed to, the whole name, its beginning, whole names but for mistakes, then by words: of common ones the popular
-- documents, and query by query those that it finds, the popular ones among some. Those of an account are few, or the
-- latest of them are: they are gone through by its key instead, and the same looked for in them. Some may come twice. A
-- part is not begun once there are enough, and where little fits none looks for it for ever. What is dear among tracks is
-- not among other documents, which are fewer; but words of a domain, which many handles end in, are among artists too. For
-- the statement `documents` and its CTE `asked`.
(SELECT found.kind, found.account_id, found.key, found.popularity, found.name, found.alias,
        :kind = ANY ((SELECT q.pointed_kinds FROM asked q)::text[])
            AND found.key = ANY ((SELECT q.pointed_keys FROM asked q)::text[]) AS pointed,
        tsvector_to_array(ts_filter(found.words, '{a}')) AS named, tsvector_to_array(ts_filter(found.words, '{b}')) AS beside
 FROM (
     (SELECT d.*
      FROM asked q
      CROSS JOIN unnest(q.pointed_kinds, q.pointed_keys) AS pointed (kind, key)
      JOIN visible_document d ON d.kind = :kind AND d.account_id = q.account_id AND d.key = pointed.key
      WHERE pointed.kind = :kind AND {{fits(d, q, :kind)}})
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL ({{called(q.whole, :kind)}}) called
      CROSS JOIN LATERAL ({{visible(called, :kind)}}) d
      WHERE (q.account_id IS NULL OR called.account_id = q.account_id) AND {{fits(called, q, :kind)}}
      LIMIT :most)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT n.*
          FROM visible_document n
          WHERE n.kind = :kind AND n.alias >= q.handle AND n.alias < q.handle || chr(1114111)
          ORDER BY n.alias
          LIMIT :most / 4
      ) d
      WHERE :kind = 'artist')
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT n.*
          FROM visible_ranked_document n
          WHERE n.kind = :kind AND n.name > q.whole AND n.name < q.whole || chr(1114111)
          ORDER BY n.name
          LIMIT 5000
      ) begun
      CROSS JOIN LATERAL ({{visible(begun, :kind)}}) d
      WHERE q.account_id IS NULL AND {{fits(begun, q, :kind)}}
      LIMIT :most / 4)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL unnest(q.corrected) AS meant (name)
      CROSS JOIN LATERAL (
          SELECT shown.*
          FROM ({{called(meant.name, :kind)}}) called
          CROSS JOIN LATERAL ({{visible(called, :kind)}}) shown
          WHERE {{fits(called, q, :kind)}}
          LIMIT :most / 8
      ) d
      WHERE q.account_id IS NULL
      LIMIT :most / 4)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT n.*
          FROM visible_ranked_document n
          WHERE n.kind = :kind AND q.often IS NOT NULL
          ORDER BY n.popularity DESC, n.account_id, n.key
          LIMIT CASE WHEN q.narrowed THEN 20000 WHEN :kind = 'track' THEN 3000 ELSE 1000 END
      ) popular
      CROSS JOIN LATERAL ({{visible(popular, :kind)}}) d
      WHERE popular.words @@ q.often AND {{fits(popular, q, :kind)}} AND q.account_id IS NULL
      LIMIT :most / 2)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL unnest(q.wanted, q.but, q.among, q.dear) AS level (wanted, but, among, dear)
      CROSS JOIN LATERAL (
          SELECT few.*
          FROM (
              SELECT n.*
              FROM visible_document n
              WHERE n.kind = :kind AND n.words @@ level.wanted AND (n.words @@ level.but) IS NOT TRUE
                  AND {{fits(n, q, :kind)}}
              LIMIT level.among
          ) few
          ORDER BY few.popularity DESC, abs(length(few.name) - length(q.whole))
          LIMIT :most
      ) d
      WHERE (NOT level.dear OR :kind <> 'track' AND (:kind <> 'artist' OR NOT {{common_among_popular(:kind)}}))
          AND q.account_id IS NULL
      LIMIT :most)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT own.*
          FROM (
              SELECT n.*
              FROM visible_document n
              WHERE n.kind = :kind AND n.account_id = q.account_id AND {{fits(n, q, :kind)}}
              ORDER BY n.key DESC
              LIMIT 10000
          ) own
          LEFT JOIN LATERAL (
              SELECT level.place
              FROM unnest(q.wanted) WITH ORDINALITY AS level (wanted, place)
              WHERE own.words @@ level.wanted
              ORDER BY level.place
              LIMIT 1
          ) met ON true
          WHERE q.all_of_it OR met.place IS NOT NULL OR starts_with(own.name, q.whole) OR own.name = ANY (q.corrected)
          ORDER BY starts_with(own.name, q.whole) DESC NULLS LAST, met.place, own.popularity DESC
          LIMIT :most
      ) d
      WHERE q.all_of_it OR q.whole IS NOT NULL)
 ) found
 WHERE :kind = ANY ($1::text[])
 LIMIT :most)

-- fragment: common_among_popular(kind)
-- Whether 300 of the thousand most popular documents are found by what the popular ones are looked at for.
EXISTS (
    SELECT
    FROM (SELECT p.often FROM asked p WHERE p.often IS NOT NULL) sought
    CROSS JOIN LATERAL (
        SELECT n.words
        FROM visible_ranked_document n
        WHERE n.kind = :kind
        ORDER BY n.popularity DESC, n.account_id, n.key
        LIMIT 1000
    ) popular
    WHERE popular.words @@ sought.often
    OFFSET 299
)

-- fragment: called(name, kind)
-- The popular ones of the documents with that name, whoever sees them.
SELECT n.*
FROM visible_ranked_document n
WHERE n.kind = :kind AND n.name = :name
ORDER BY n.popularity DESC
LIMIT 5000

-- fragment: visible(document, kind)
-- The document itself, if it shows.
SELECT n.*
FROM visible_document n
WHERE n.kind = :kind AND n.account_id = :document.account_id AND n.key = :document.key
LIMIT 1

-- fragment: fits(document, asked, kind)
-- Whether a document is one of those among which something is looked for, whosever it is.
(NOT :document.tags && :asked.excluded
 AND (:kind <> 'track' OR :document.tags @> :asked.tags)
 AND (:kind <> 'track' OR :asked.artist IS NULL OR :document.artist = :asked.artist))

-- fragment: shown_tracks(viewer)
-- The places and views of those documents that are tracks. For a statement with the parameters $1 kinds text[],
-- $2 account_ids bigint[], $3 keys text[].
SELECT asked.place, {{track_view(t, :viewer)}} AS item
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS asked (kind, account_id, key, place)
JOIN visible_track t ON t.account_id = asked.account_id AND t.rkey = asked.key
WHERE asked.kind = 'track' AND t.listed
