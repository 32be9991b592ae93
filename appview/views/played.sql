-- fragment: played_view(played)
-- The artistView, releaseView or recordingView of a row of visible_played.
json_build_object({{about_played(:played)}})

-- fragment: played_view_detailed(played)
-- The same with its figures.
json_build_object({{about_played(:played)}}, 'playCount', :played.plays, 'listenerCount', :played.listeners)

-- fragment: known(played)
-- A row of visible_played that was asked for, as columns: its view, what it is found by, and what it is called.
{{present({{played_view_detailed(:played)}})}} AS item, :played.id, :played.key, :played.name, :played.credit->0->>0 AS artist

-- fragment: about_played(played)
-- What was played, as arguments of json_build_object: a row of visible_played.
'id', :played.key,
'name', :played.name,
'mbid', {{mbid(:played.mbid)}},
'artists', {{credited(:played)}}

-- fragment: credited(played)
-- Those whom the plays of a row of visible_played credit. An identity of version 8 is made of a name, and no MBID.
(SELECT json_agg(json_build_object(
     'id', artist.key,
     'name', credit.name_and_key->>0,
     'mbid', CASE WHEN substr(artist.key::text, 15, 1) <> '8' THEN {{mbid(artist.key)}} END
 ) ORDER BY credit.place)
 FROM json_array_elements(:played.credit) WITH ORDINALITY credit (name_and_key, place)
 CROSS JOIN LATERAL (SELECT (credit.name_and_key->>1)::uuid AS key) artist)

-- fragment: chart_entry(kind, placed)
-- A place in a chart: what a row of visible_played says, its count and rank there, and by how
-- many accounts it was heard.
json_build_object(
    :kind, {{played_view(:placed)}}, 'count', :placed.count, 'listeners', :placed.heard_by, 'rank', :placed.rank
)

-- fragment: trend_entry(kind, placed)
-- The same of what grows, with what it had before.
json_build_object(
    :kind, {{played_view(:placed)}}, 'count', :placed.count, 'before', :placed.before, 'listeners', :placed.heard_by,
    'rank', :placed.rank
)

-- fragment: found_entry(kind, hit)
-- What was found by name, with its figures, and how well it fits.
json_build_object('relevance', :hit.relevance, :kind, {{played_view_detailed(:hit)}})

-- fragment: listener_entry(placed)
-- The place of an account in a chart.
json_build_object('actor', {{actor_view_basic(:placed.account_id)}}, 'count', :placed.count, 'rank', :placed.rank)

-- fragment: teal_chart_entry(placed)
-- The artistView or releaseView of teal, of the same.
json_build_object('mbid', {{mbid(:placed.mbid)}}, 'name', :placed.name, 'playCount', :placed.count)

-- fragment: chart_of(plays, listeners, wanted, kind, count, id, limit)
-- A chart of everybody behind a place in it, if it is `wanted`: those with as many plays, by id, then those with fewer.
-- As one condition, the many that were played once would be read from the first on for each page.
(SELECT p.*, :plays AS count, :listeners AS heard_by
 FROM visible_played p
 WHERE :wanted AND p.kind = :kind AND :plays > 0 AND :plays = :count::bigint AND p.id > :id::bigint
 ORDER BY p.id
 LIMIT :limit)
UNION ALL
(SELECT p.*, :plays, :listeners
 FROM visible_played p
 WHERE :wanted AND p.kind = :kind AND :plays > 0 AND :plays < :count::bigint
 ORDER BY :plays DESC, p.id
 LIMIT :limit)

-- fragment: charts_of(period, kind, count, id, limit)
-- The chart of a window, as above.
{{chart_of(p.plays, p.listeners, :period = 'all', :kind, :count, :id, :limit)}}
UNION ALL
{{chart_of(p.plays_365, p.listeners_365, :period = '365days', :kind, :count, :id, :limit)}}
UNION ALL
{{chart_of(p.plays_180, p.listeners_180, :period = '180days', :kind, :count, :id, :limit)}}
UNION ALL
{{chart_of(p.plays_90, p.listeners_90, :period = '90days', :kind, :count, :id, :limit)}}
UNION ALL
{{chart_of(p.plays_30, p.listeners_30, :period = '30days', :kind, :count, :id, :limit)}}
UNION ALL
{{chart_of(p.plays_7, p.listeners_7, :period = '7days', :kind, :count, :id, :limit)}}

-- fragment: listeners_of(plays, wanted, count, account, limit)
-- A chart of accounts behind a place in it, if it is `wanted`.
(SELECT l.account_id, :plays AS count
 FROM visible_listener l
 WHERE :wanted AND l.listed AND :plays > 0 AND :plays = :count::bigint AND l.account_id > :account::bigint
 ORDER BY l.account_id
 LIMIT :limit)
UNION ALL
(SELECT l.account_id, :plays
 FROM visible_listener l
 WHERE :wanted AND l.listed AND :plays > 0 AND :plays < :count::bigint
 ORDER BY :plays DESC, l.account_id
 LIMIT :limit)

-- fragment: own_plays(account, kind, artist, period, count, key, limit)
-- What an account has played most in a window, behind a place in that order; of an artist, if one is given. All that it has
-- played in the window is counted, page by page anew, so that only the statement's timeout bounds it.
SELECT most.key, most.count
FROM (
    SELECT what.key, count(*) AS count
    FROM visible_play p
    CROSS JOIN LATERAL unnest(
        CASE :kind WHEN 'artist' THEN p.artists WHEN 'release' THEN ARRAY[p.release] ELSE ARRAY[p.recording] END
    ) AS what (key)
    WHERE p.account_id = :account AND p.canonical AND p.played_at >= {{since(:period::text)}} AND what.key IS NOT NULL
    GROUP BY what.key
) most
WHERE (most.count, most.key) < (:count::bigint, :key::uuid)
    AND (:artist::integer IS NULL OR EXISTS (
        SELECT
        FROM visible_played i
        JOIN visible_played_by b ON b.artist = :artist AND b.kind = i.kind AND b.item = i.id
        WHERE i.key = most.key AND i.kind = :kind::played_kind
    ))
ORDER BY most.count DESC, most.key DESC
LIMIT :limit

-- fragment: plays_since(listening, artist, since)
-- An account's plays of an artist from then on, counted on the side of which it has fewer plays, `within` or `before`;
-- `plays`: of the artist in all.
CASE WHEN :listening.within <= :listening.before THEN (
    SELECT count(*)
    FROM visible_heard p
    WHERE p.account_id = :listening.account_id AND p.played_at >= :since AND p.artists @> ARRAY[:artist::uuid]
) ELSE :listening.plays - (
    SELECT count(*)
    FROM visible_heard p
    WHERE p.account_id = :listening.account_id AND p.played_at < :since AND p.artists @> ARRAY[:artist::uuid]
) END

-- fragment: growth_of(plays, listeners, before, growth, wanted, kind, limit)
-- What grows most, if it is `wanted`: of what at least ten plays of two accounts name, that which has more than the
-- period before had, or than ten.
(SELECT p.*, :plays AS count, :listeners AS heard_by, :before AS before, :growth AS growth
 FROM visible_played p
 WHERE :wanted AND p.kind = :kind AND :plays >= 10 AND :listeners >= 2 AND :growth > 1000
 ORDER BY :growth DESC, p.id
 LIMIT :limit)

-- fragment: plays_in(period, played)
-- The plays of a row of visible_played in a period.
CASE :period
    WHEN '7days' THEN :played.plays_7
    WHEN '30days' THEN :played.plays_30
    WHEN '90days' THEN :played.plays_90
    WHEN '180days' THEN :played.plays_180
    WHEN '365days' THEN :played.plays_365
    ELSE :played.plays
END

-- fragment: listeners_in(period, played)
-- The listeners of a row of visible_played in a period.
CASE :period
    WHEN '7days' THEN :played.listeners_7
    WHEN '30days' THEN :played.listeners_30
    WHEN '90days' THEN :played.listeners_90
    WHEN '180days' THEN :played.listeners_180
    WHEN '365days' THEN :played.listeners_365
    ELSE :played.listeners
END

-- fragment: stands_on_many(artist, kind)
-- Whether there is more than ten thousand of that kind on which an artist stands.
EXISTS (SELECT FROM visible_played_by WHERE artist = :artist AND kind = :kind::text::played_kind OFFSET 10000)

-- fragment: since(period)
-- Where the window of a period begins.
(SELECT w.since FROM visible_chart_window w WHERE w.days = substring(:period FROM '^[0-9]+')::smallint)

-- fragment: played_documents(kind, most)
-- What is played of one kind and may be what is asked for, at most so many, those first that are likely to be: the whole
-- name, its beginning, whole names but for mistakes, then by words: of common ones what is played most, and query by query
-- what it finds, of that the most played among some. Some may come twice. A part is not begun once there are enough.
-- What is dear among recordings is not among other items, which are fewer. For the statement `documents` and its CTE `asked`.
(SELECT p.kind::text AS kind, p.id, p.plays, length(ltrim(p.plays::bit(32)::text, '0')) AS popularity, found.name,
        NULL AS alias, false AS pointed, tsvector_to_array(ts_filter(found.words, '{a}')) AS named,
        tsvector_to_array(ts_filter(found.words, '{b}')) AS beside
 FROM (
     SELECT part.*
     FROM (
         (SELECT d.*
          FROM asked q
          CROSS JOIN LATERAL (
              SELECT n.*
              FROM visible_played_document n
              WHERE n.kind = :kind AND n.name = q.whole
              ORDER BY n.weight DESC
              LIMIT :most
          ) d)
         UNION ALL
         (SELECT d.*
          FROM asked q
          CROSS JOIN LATERAL (
              SELECT n.*
              FROM visible_played_document n
              WHERE n.kind = :kind AND n.name > q.whole AND n.name < q.whole || chr(1114111)
              ORDER BY n.name
              LIMIT :most / 4
          ) d)
         UNION ALL
         (SELECT d.*
          FROM asked q
          CROSS JOIN LATERAL unnest(q.corrected) AS meant (name)
          CROSS JOIN LATERAL (
              SELECT n.*
              FROM visible_played_document n
              WHERE n.kind = :kind AND n.name = meant.name
              ORDER BY n.weight DESC
              LIMIT :most / 8
          ) d
          LIMIT :most / 4)
         UNION ALL
         (SELECT d.*
          FROM asked q
          CROSS JOIN LATERAL (
              SELECT m.id
              FROM visible_played m
              WHERE m.kind = :kind AND q.often IS NOT NULL
              ORDER BY m.plays DESC, m.id
              LIMIT 2000
          ) popular
          JOIN visible_played_document d ON d.id = popular.id
          WHERE d.words @@ q.often
          LIMIT :most / 2)
         UNION ALL
         (SELECT d.*
          FROM asked q
          CROSS JOIN LATERAL unnest(q.wanted, q.but, q.among, q.dear) AS level (wanted, but, among, dear)
          CROSS JOIN LATERAL (
              SELECT few.*
              FROM (
                  SELECT n.*
                  FROM visible_played_document n
                  WHERE n.kind = :kind AND n.words @@ level.wanted AND (n.words @@ level.but) IS NOT TRUE
                  LIMIT level.among
              ) few
              ORDER BY few.weight DESC
              LIMIT :most
          ) d
          WHERE :kind <> 'recording' OR NOT level.dear
          LIMIT :most)
     ) part
     WHERE :kind = ANY ($1::text[])
     LIMIT :most
 ) found
 JOIN visible_played p ON p.id = found.id)
