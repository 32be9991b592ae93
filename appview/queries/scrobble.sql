-- name: known_by_key
-- What is known of an artist, release or recording by its identity; one on which an artist stands, if one is given.
-- $1 kind text, $2 key uuid, $3 artist integer
SELECT {{known(p)}}
FROM visible_played p
WHERE p.kind = $1::text::played_kind AND p.key = $2
    AND ($3::integer IS NULL OR EXISTS (
        SELECT FROM visible_played_by b WHERE b.artist = $3 AND b.kind = p.kind AND b.item = p.id
    ));

-- name: known_by_name
-- The same of the most played of that name.
-- $1 kind text, $2 hash bigint
SELECT {{known(p)}}
FROM (
    SELECT n.id
    FROM visible_played_name n
    WHERE n.kind = $1::text::played_kind AND n.name_hash = $2
    ORDER BY n.weight DESC, n.plays DESC, n.id
    LIMIT 1
) named
JOIN visible_played p ON p.id = named.id;

-- name: known_by_name_of_artist
-- The same of those on which an artist stands. A thousand of that name are tried; where there are more, the artist's own
-- are as well, ten thousand at the most.
-- $1 kind text, $2 hash bigint, $3 artist integer
SELECT {{known(p)}}
FROM (
    SELECT found.id
    FROM (
        SELECT n.*
        FROM (
            SELECT *
            FROM visible_played_name
            WHERE kind = $1::text::played_kind AND name_hash = $2
            ORDER BY weight DESC
            LIMIT 1000
        ) n
        CROSS JOIN LATERAL (
            SELECT FROM visible_played_by b WHERE b.artist = $3 AND b.kind = $1::text::played_kind AND b.item = n.id LIMIT 1
        ) by_artist
        UNION ALL
        SELECT n.*
        FROM (
            SELECT b.item
            FROM visible_played_by b
            WHERE b.artist = $3 AND b.kind = $1::text::played_kind AND EXISTS (
                SELECT FROM visible_played_name WHERE kind = $1::text::played_kind AND name_hash = $2 OFFSET 1000
            )
            ORDER BY b.item
            LIMIT 10000
        ) own
        CROSS JOIN LATERAL (
            SELECT * FROM visible_played_name WHERE id = own.item AND name_hash = $2 LIMIT 1
        ) n
    ) found
    ORDER BY found.weight DESC, found.plays DESC, found.id
    LIMIT 1
) named
JOIN visible_played p ON p.id = named.id;

-- name: top
-- What everybody has played most.
-- $1 kind text, $2 period text, $3 rank bigint, $4 count bigint, $5 id bigint, $6 limit bigint
SELECT {{present({{chart_entry($1::text, placed)}})}} AS item, placed.rank, placed.count, placed.id
FROM (
    SELECT chart.*, $3 + row_number() OVER (ORDER BY chart.count DESC, chart.id) AS rank
    FROM ({{charts_of($2::text, $1::text::played_kind, $4, $5, $6)}}) chart
    ORDER BY chart.count DESC, chart.id
    LIMIT $6
) placed
ORDER BY placed.rank;

-- name: top_of_artist
-- What everybody has played most of an artist. All that it stands on is sorted; of more than ten thousand, as of an artist
-- who stands for many, those that were known first.
-- $1 kind text, $2 artist integer, $3 period text, $4 rank bigint, $5 count bigint, $6 id bigint, $7 limit bigint
SELECT {{present({{chart_entry($1::text, placed)}})}} AS item, placed.rank, placed.count, placed.id
FROM (
    SELECT p.*, {{plays_in($3, p)}} AS count, {{listeners_in($3, p)}} AS heard_by,
           $4 + row_number() OVER (ORDER BY {{plays_in($3, p)}} DESC, p.id) AS rank
    FROM (
        SELECT b.item
        FROM visible_played_by b
        WHERE b.artist = $2 AND b.kind = $1::text::played_kind
        ORDER BY b.item
        LIMIT 10000
    ) part
    JOIN visible_played p ON p.id = part.item
    WHERE {{plays_in($3, p)}} > 0 AND ({{plays_in($3, p)}}, -p.id) < ($5::bigint, -$6::bigint)
    ORDER BY {{plays_in($3, p)}} DESC, p.id
    LIMIT $7
) placed
ORDER BY placed.rank;

-- name: top_of_release
-- What everybody has played most of a release, as part of it. What stands on it is sorted; of more than ten thousand
-- recordings, as on a release that is hardly named, those that were known first.
-- $1 release integer, $2 limit bigint
SELECT {{present({{chart_entry('recording', placed)}})}} AS item
FROM (
    SELECT p.*, most.plays AS count, NULL AS heard_by,
           row_number() OVER (ORDER BY most.plays DESC, most.recording) AS rank
    FROM (
        SELECT part.recording, part.plays
        FROM (
            SELECT o.recording, o.plays
            FROM visible_played_on o
            WHERE o.release = $1
            ORDER BY o.recording
            LIMIT 10000
        ) part
        ORDER BY part.plays DESC, part.recording
        LIMIT $2
    ) most
    JOIN visible_played p ON p.id = most.recording
) placed
ORDER BY placed.rank;

-- name: tracks_named
-- The listed tracks of that title and artist, those that are played most first; of more than a thousand, those that were
-- indexed first.
-- $1 name uuid, $2 limit bigint, $3 viewer bigint
SELECT {{track_view(t, $3)}} AS item
FROM (
    SELECT n.uri
    FROM visible_track_name n
    WHERE n.name = $1
    ORDER BY n.indexed_at, n.uri
    LIMIT 1000
) likely
JOIN visible_track t ON t.uri = likely.uri
WHERE t.listed
ORDER BY t.play_count DESC, t.indexed_at, t.uri
LIMIT $2;

-- name: top_own
-- What one account has ever played most. What it played once has no index by plays, and needs none. No row: no such
-- account; one without an item: nothing.
-- $1 did text, $2 kind text, $3 rank bigint, $4 count bigint, $5 id bigint, $6 limit bigint
SELECT placed.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{chart_entry($2::text, own)}})}} AS item, own.rank, own.count, own.id
    FROM (
        SELECT p.*, most.plays AS count, NULL AS heard_by,
               $3 + row_number() OVER (ORDER BY most.plays DESC, most.item) AS rank
        FROM (
            SELECT *
            FROM (
                (SELECT l.item, l.plays FROM visible_listening l
                 WHERE l.account_id = a.id AND l.kind = $2::text::played_kind
                     AND l.plays > 1 AND l.plays = $4::bigint AND l.item > $5::bigint
                 ORDER BY l.item LIMIT $6)
                UNION ALL
                (SELECT l.item, l.plays FROM visible_listening l
                 WHERE l.account_id = a.id AND l.kind = $2::text::played_kind AND l.plays > 1 AND l.plays < $4::bigint
                 ORDER BY l.plays DESC, l.item LIMIT $6)
                UNION ALL
                (SELECT l.item, l.plays FROM visible_listening l
                 WHERE l.account_id = a.id AND l.kind = $2::text::played_kind AND l.plays = 1
                     AND l.item > CASE WHEN $4 > 1 THEN 0 ELSE $5 END
                 ORDER BY l.item LIMIT $6)
            ) found
            ORDER BY found.plays DESC, found.item
            LIMIT $6
        ) most
        JOIN visible_played p ON p.id = most.item
    ) own
) placed ON true
WHERE a.did = $1
ORDER BY placed.rank;

-- name: top_own_of_artist
-- What one account has ever played most of an artist: all that the artist stands on is looked for, or, if that is more than
-- ten thousand, all that the account has played is gone through. No row: no such account; one without an item: nothing.
-- $1 did text, $2 kind text, $3 artist integer, $4 rank bigint, $5 count bigint, $6 id bigint, $7 limit bigint
SELECT placed.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{chart_entry($2::text, own)}})}} AS item, own.rank, own.count, own.id
    FROM (
        SELECT p.*, most.plays AS count, NULL AS heard_by,
               $4 + row_number() OVER (ORDER BY most.plays DESC, most.item) AS rank
        FROM (
            SELECT heard.item, heard.plays
            FROM (
                SELECT l.item, l.plays
                FROM visible_played_by b
                CROSS JOIN LATERAL (
                    SELECT *
                    FROM visible_listening
                    WHERE account_id = a.id AND kind = $2::text::played_kind AND item = b.item
                    LIMIT 1
                ) l
                WHERE b.artist = $3 AND b.kind = $2::text::played_kind AND NOT {{stands_on_many($3, $2)}}
                UNION ALL
                SELECT l.item, l.plays
                FROM visible_listening l
                CROSS JOIN LATERAL (
                    SELECT FROM visible_played_by WHERE artist = $3 AND kind = $2::text::played_kind AND item = l.item LIMIT 1
                ) b
                WHERE l.account_id = a.id AND l.kind = $2::text::played_kind AND {{stands_on_many($3, $2)}}
            ) heard
            WHERE (heard.plays, -heard.item) < ($5::bigint, -$6::bigint)
            ORDER BY heard.plays DESC, heard.item
            LIMIT $7
        ) most
        JOIN visible_played p ON p.id = most.item
    ) own
) placed ON true
WHERE a.did = $1
ORDER BY placed.rank;

-- name: top_own_since
-- What one account has played most in a window, counted from its plays; of an artist, if one is given. No row: no such
-- account; one without an item: nothing.
-- $1 did text, $2 kind text, $3 artist integer, $4 period text, $5 rank bigint, $6 count bigint, $7 key uuid, $8 limit bigint
SELECT placed.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{chart_entry($2::text, own)}})}} AS item, own.rank, own.count, own.key
    FROM (
        SELECT p.*, most.count, NULL AS heard_by,
               $5 + row_number() OVER (ORDER BY most.count DESC, most.key DESC) AS rank
        FROM ({{own_plays(a.id, $2::text, $3, $4, $6, $7, $8)}}) most
        JOIN visible_played p ON p.key = most.key AND p.kind = $2::text::played_kind
    ) own
) placed ON true
WHERE a.did = $1
ORDER BY placed.rank;

-- name: listeners
-- Who has played most.
-- $1 period text, $2 rank bigint, $3 count bigint, $4 account bigint, $5 limit bigint
SELECT {{present({{listener_entry(placed)}})}} AS item, placed.rank, placed.count, placed.account_id
FROM (
    SELECT chart.*, $2 + row_number() OVER (ORDER BY chart.count DESC, chart.account_id) AS rank
    FROM (
        {{listeners_of(l.plays, $1::text = 'all', $3, $4, $5)}}
        UNION ALL
        {{listeners_of(l.plays_365, $1::text = '365days', $3, $4, $5)}}
        UNION ALL
        {{listeners_of(l.plays_180, $1::text = '180days', $3, $4, $5)}}
        UNION ALL
        {{listeners_of(l.plays_90, $1::text = '90days', $3, $4, $5)}}
        UNION ALL
        {{listeners_of(l.plays_30, $1::text = '30days', $3, $4, $5)}}
        UNION ALL
        {{listeners_of(l.plays_7, $1::text = '7days', $3, $4, $5)}}
    ) chart
    ORDER BY chart.count DESC, chart.account_id
    LIMIT $5
) placed
ORDER BY placed.rank;

-- name: listeners_of_artist
-- Who has ever played most of an artist.
-- $1 artist integer, $2 rank bigint, $3 count bigint, $4 account bigint, $5 limit bigint
SELECT {{present({{listener_entry(placed)}})}} AS item, placed.rank, placed.count, placed.account_id
FROM (
    SELECT chart.*, $2 + row_number() OVER (ORDER BY chart.count DESC, chart.account_id) AS rank
    FROM (
        (SELECT l.account_id, l.plays AS count FROM visible_listening l
         WHERE l.kind = 'artist' AND l.item = $1 AND l.listed AND l.plays = $3::bigint AND l.account_id > $4
         ORDER BY l.account_id LIMIT $5)
        UNION ALL
        (SELECT l.account_id, l.plays FROM visible_listening l
         WHERE l.kind = 'artist' AND l.item = $1 AND l.listed AND l.plays < $3::bigint
         ORDER BY l.plays DESC, l.account_id LIMIT $5)
    ) chart
    ORDER BY chart.count DESC, chart.account_id
    LIMIT $5
) placed
ORDER BY placed.rank;

-- name: listeners_of_artist_since
-- Who has played most of an artist in a window, counted from their plays: those who have played it then; of more than so
-- many, or of so many that more plays than that would be read, the ones that have ever played it most.
-- $1 artist integer, $2 key uuid, $3 period text, $4 rank bigint, $5 count bigint, $6 account bigint, $7 limit bigint, $8 accounts bigint, $9 plays bigint
SELECT {{present({{listener_entry(placed)}})}} AS item, placed.rank, placed.count, placed.account_id
FROM (
    SELECT likely.account_id, heard.count,
           $4 + row_number() OVER (ORDER BY heard.count DESC, likely.account_id) AS rank
    FROM (
        SELECT ever.*, sum(least(ever.within, ever.before)) OVER (ORDER BY ever.plays DESC, ever.account_id) AS read
        FROM (
            SELECT l.account_id, l.plays, {{plays_in($3, h)}} AS within, h.plays - {{plays_in($3, h)}} AS before
            FROM visible_listening l
            JOIN visible_listener h ON h.account_id = l.account_id
            WHERE l.kind = 'artist' AND l.item = $1 AND l.listed
                AND l.last_minute >= floor(extract(epoch FROM {{since($3::text)}}) / 60)::integer
            ORDER BY l.plays DESC, l.account_id
            LIMIT $8
        ) ever
    ) likely
    CROSS JOIN LATERAL (SELECT {{plays_since(likely, $2, {{since($3::text)}})}} AS count OFFSET 0) heard
    WHERE likely.read - least(likely.within, likely.before) < $9
        AND heard.count > 0 AND (heard.count, -likely.account_id) < ($5::bigint, -$6::bigint)
    ORDER BY heard.count DESC, likely.account_id
    LIMIT $7
) placed
ORDER BY placed.rank;

-- name: trending
-- What is played far more than in the period before.
-- $1 kind text, $2 period text, $3 limit bigint
SELECT {{present({{trend_entry($1::text, placed)}})}} AS item
FROM (
    SELECT grown.*, row_number() OVER (ORDER BY grown.growth DESC, grown.id) AS rank
    FROM (
        {{growth_of(p.plays_1, p.listeners_1, p.plays_before_1, p.growth_1, $2::text = 'day', $1::text::played_kind, $3)}}
        UNION ALL
        {{growth_of(p.plays_7, p.listeners_7, p.plays_before_7, p.growth_7, $2::text = 'week', $1::text::played_kind, $3)}}
        UNION ALL
        {{growth_of(p.plays_30, p.listeners_30, p.plays_before_30, p.growth_30, $2::text = 'month', $1::text::played_kind, $3)}}
    ) grown
) placed
ORDER BY placed.rank;
