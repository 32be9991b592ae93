-- name: most_likes
-- Tracks by all their likes, with their places.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
SELECT {{track_entry(t, $5)}} AS item, t.number, t.rank, t.uri
FROM ({{most_of(visible_liked_track, likes, $1, $2, $3, $4)}}) t
ORDER BY t.rank;

-- name: most_likes_of_days
-- Tracks by their likes of some days until today, with their places.
-- $1 days integer, $2 number bigint, $3 rank bigint, $4 uri text, $5 limit bigint, $6 viewer bigint
SELECT {{track_entry(t, $6)}} AS item, t.number, t.rank, t.uri
FROM ({{most_of(({{of_days(visible_subject_day, likes, $1)}}), likes, $2, $3, $4, $5)}}) t
ORDER BY t.rank;

-- name: most_plays
-- Tracks by all their plays, with their places.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
SELECT {{track_entry(t, $5)}} AS item, t.number, t.rank, t.uri
FROM ({{most_of(visible_played_track, plays, $1, $2, $3, $4)}}) t
ORDER BY t.rank;

-- name: most_plays_of_days
-- Tracks by their plays of some days until today, with their places.
-- $1 days integer, $2 number bigint, $3 rank bigint, $4 uri text, $5 limit bigint, $6 viewer bigint
SELECT {{track_entry(t, $6)}} AS item, t.number, t.rank, t.uri
FROM ({{most_of(({{of_days(visible_heard_day, plays, $1)}}), plays, $2, $3, $4, $5)}}) t
ORDER BY t.rank;

-- name: trending
-- Tracks that have more likes and plays of some days until today than of as many days before, by how many times as many.
-- Fewer than three are too few, and what was before counts for three at least.
-- $1 days integer, $2 limit bigint, $3 viewer bigint
SELECT {{track_entry_compared(t, $3)}} AS item
FROM (
    SELECT t.*, grown.number, grown.before,
           row_number() OVER (ORDER BY grown.growth DESC, grown.number DESC, grown.uri DESC) AS rank
    FROM (
        SELECT summed.*, summed.number / greatest(summed.before, 3)::double precision AS growth
        FROM (
            SELECT d.uri,
                   coalesce(sum(d.number) FILTER (WHERE d.day >= {{today()}} - $1::integer), 0) AS number,
                   coalesce(sum(d.number) FILTER (WHERE d.day < {{today()}} - $1::integer), 0) AS before
            FROM (
                SELECT l.uri, l.day, l.likes AS number FROM visible_subject_day l
                UNION ALL
                SELECT p.uri, p.day, p.plays FROM visible_heard_day p
            ) d
            WHERE d.day > {{today()}} - 2 * ($1::integer + 1)
            GROUP BY d.uri
        ) summed
        WHERE summed.number >= 3 AND summed.number > summed.before
        ORDER BY growth DESC, summed.number DESC, summed.uri DESC
    ) grown
    JOIN visible_track t ON t.uri = grown.uri
    WHERE t.listed
    ORDER BY grown.growth DESC, grown.number DESC, grown.uri DESC
    LIMIT $2
) t
ORDER BY t.rank;
