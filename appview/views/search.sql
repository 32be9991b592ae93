-- fragment: documents(kind, most)
-- Documents of one kind that may be what is asked for, at most so many, those first that are likely to be: the one that
-- is pointed to, the whole name, its beginning, all words as they are typed (of common words the popular ones first,
-- where there are more than are taken), all words or near ones, and the rarest words. Some may come twice. A part is not
-- begun once there are enough. For the statement `documents` and its CTE `asked`.
(SELECT found.kind, found.account_id, found.key, found.popularity, found.name, found.alias,
        tsvector_to_array(ts_filter(found.words, '{a}')) AS named, tsvector_to_array(ts_filter(found.words, '{b}')) AS beside
 FROM (
     (SELECT d.*
      FROM asked q
      CROSS JOIN unnest($12::text[], $13::text[]) AS pointed (kind, key)
      JOIN visible_document d ON d.kind = :kind AND d.account_id = q.account_id AND d.key = pointed.key
      WHERE pointed.kind = :kind AND {{fits(d, q, :kind)}})
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT n.*
          FROM visible_document n
          WHERE n.kind = :kind AND n.name = q.whole AND {{fits(n, q, :kind)}}
          ORDER BY n.popularity DESC
          LIMIT :most
      ) d)
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
          FROM visible_document n
          WHERE n.kind = :kind AND n.name > q.whole AND n.name < q.whole || chr(1114111) AND {{fits(n, q, :kind)}}
          ORDER BY n.name
          LIMIT :most / 4
      ) d)
     UNION ALL
     (SELECT d.*
      FROM asked q
      CROSS JOIN LATERAL (
          SELECT true AS too_many
          FROM visible_document m
          WHERE m.kind = :kind AND m.words @@ q.strict AND {{fits(m, q, :kind)}}
          OFFSET :most
          LIMIT 1
      ) matches
      CROSS JOIN LATERAL (
          SELECT p.*
          FROM visible_document p
          WHERE p.kind = :kind AND matches.too_many
          ORDER BY p.popularity DESC, p.account_id, p.key
          LIMIT 1000
      ) d
      WHERE q.common AND d.words @@ q.strict AND {{fits(d, q, :kind)}}
      LIMIT :most / 2)
     UNION ALL
     (SELECT d.*
      FROM asked q
      JOIN visible_document d ON d.kind = :kind AND d.words @@ q.strict
      WHERE {{fits(d, q, :kind)}}
      LIMIT :most)
     UNION ALL
     (SELECT d.*
      FROM asked q
      JOIN visible_document d ON d.kind = :kind AND d.words @@ q.wide
      WHERE (d.words @@ q.strict) IS NOT TRUE AND {{fits(d, q, :kind)}}
      LIMIT :most)
     UNION ALL
     (SELECT d.*
      FROM asked q
      JOIN visible_document d ON d.kind = :kind AND d.words @@ q.some
      WHERE (d.words @@ q.wide) IS NOT TRUE AND (d.words @@ q.strict) IS NOT TRUE AND {{fits(d, q, :kind)}}
      LIMIT :most / 2)
     UNION ALL
     (SELECT d.*
      FROM asked q
      JOIN visible_document d ON d.kind = :kind AND d.account_id = q.account_id
      WHERE q.all_of_it AND {{fits(d, q, :kind)}}
      LIMIT :most)
 ) found
 WHERE :kind = ANY ($1::text[])
 LIMIT :most * 3 / 2)

-- fragment: fits(document, asked, kind)
-- Whether a document is one of those among which something is looked for.
(NOT :document.tags && :asked.excluded
 AND (:kind <> 'track' OR :document.tags @> :asked.tags)
 AND (:kind <> 'track' OR :asked.artist IS NULL OR :document.artist = :asked.artist)
 AND (:asked.account_id IS NULL OR :document.account_id = :asked.account_id))
