-- name: count
-- Add likes and plays of some days to the windows that hold these. Gives whether a window holds anything of a track.
-- $1 subjects text[], $2 days date[], $3 likes integer[], $4 plays integer[]
WITH edge AS (
    SELECT min(since) AS first,
           max(since) FILTER (WHERE days = 365) AS since_365,
           max(since) FILTER (WHERE days = 61) AS since_61,
           max(since) FILTER (WHERE days = 30) AS since_30,
           max(since) FILTER (WHERE days = 15) AS since_15,
           max(since) FILTER (WHERE days = 7) AS since_7,
           max(since) FILTER (WHERE days = 3) AS since_3,
           max(since) FILTER (WHERE days = 1) AS since_1
    FROM (
        SELECT days, since AT TIME ZONE 'UTC' AS since FROM chart_window WHERE days IN (365, 61, 30, 15, 7, 3, 1)
    ) w
),
changed AS (
    SELECT sum(c.likes * (c.moment >= e.since_365)::integer)::integer AS likes_365,
           sum(c.likes * (c.moment >= e.since_30)::integer)::integer AS likes_30,
           sum(c.likes * (c.moment >= e.since_7)::integer)::integer AS likes_7,
           sum(c.likes * (c.moment >= e.since_1)::integer)::integer AS likes_1,
           sum(c.plays * (c.moment >= e.since_365)::integer)::integer AS plays_365,
           sum(c.plays * (c.moment >= e.since_30)::integer)::integer AS plays_30,
           sum(c.plays * (c.moment >= e.since_7)::integer)::integer AS plays_7,
           sum(c.plays * (c.moment >= e.since_1)::integer)::integer AS plays_1,
           sum((c.likes + c.plays) * (c.moment >= e.since_61)::integer)::integer AS both_61,
           sum((c.likes + c.plays) * (c.moment >= e.since_15)::integer)::integer AS both_15,
           sum((c.likes + c.plays) * (c.moment >= e.since_3)::integer)::integer AS both_3,
           c.subject
    FROM (
        SELECT subject, track_moment(day, subject) AS moment, likes, plays
        FROM unnest($1::text[], $2::date[], $3::integer[], $4::integer[]) AS change (subject, day, likes, plays)
    ) c
    JOIN edge e ON c.moment >= e.first
    GROUP BY c.subject
)
INSERT INTO track_recent AS r (
    likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1, both_61, both_15, both_3,
    track, subject
)
SELECT likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1, both_61, both_15, both_3,
       coalesce((SELECT s.owner <> 0 FROM subject_count s WHERE s.subject = changed.subject), false), subject
FROM changed
ORDER BY subject COLLATE "C"
ON CONFLICT (subject) DO UPDATE
SET likes_365 = r.likes_365 + EXCLUDED.likes_365,
    likes_30 = r.likes_30 + EXCLUDED.likes_30,
    likes_7 = r.likes_7 + EXCLUDED.likes_7,
    likes_1 = r.likes_1 + EXCLUDED.likes_1,
    plays_365 = r.plays_365 + EXCLUDED.plays_365,
    plays_30 = r.plays_30 + EXCLUDED.plays_30,
    plays_7 = r.plays_7 + EXCLUDED.plays_7,
    plays_1 = r.plays_1 + EXCLUDED.plays_1,
    both_61 = r.both_61 + EXCLUDED.both_61,
    both_15 = r.both_15 + EXCLUDED.both_15,
    both_3 = r.both_3 + EXCLUDED.both_3,
    track = EXCLUDED.track
RETURNING subject, likes_365 > 0 OR plays_365 > 0 AS anything;

-- name: mark
-- Note of some subjects whether they are tracks that show.
-- $1 subjects text[]
UPDATE track_recent r
SET track = NOT r.track
WHERE r.subject = ANY ($1)
    AND r.track <> coalesce((SELECT s.owner <> 0 FROM subject_count s WHERE s.subject = r.subject), false);

-- name: reach
-- The moment of a track's day some way on.
-- $1 since timestamptz, $2 until timestamptz, $3 number bigint
SELECT d.moment AT TIME ZONE 'UTC'
FROM (
    (
        SELECT track_moment(day, subject) AS moment
        FROM subject_day
        WHERE likes > 0 AND track_moment(day, subject) >= $1::timestamptz AT TIME ZONE 'UTC'
            AND track_moment(day, subject) < $2::timestamptz AT TIME ZONE 'UTC'
        ORDER BY track_moment(day, subject)
        LIMIT $3::bigint + 1
    )
    UNION ALL
    (
        SELECT track_moment(day, subject)
        FROM heard_day
        WHERE track_moment(day, subject) >= $1::timestamptz AT TIME ZONE 'UTC'
            AND track_moment(day, subject) < $2::timestamptz AT TIME ZONE 'UTC'
        ORDER BY track_moment(day, subject)
        LIMIT $3::bigint + 1
    )
) d
ORDER BY d.moment
OFFSET $3::bigint
LIMIT 1;

-- name: leave
-- Take out of a window the days of tracks that its edge passes. Gives whether a window holds anything of a track.
-- $1 days smallint, $2 since timestamptz, $3 until timestamptz
WITH passed AS (
    SELECT subject, sum(likes)::integer AS likes, sum(plays)::integer AS plays
    FROM (
        SELECT subject, likes, 0 AS plays
        FROM subject_day
        WHERE likes > 0 AND track_moment(day, subject) >= $2::timestamptz AT TIME ZONE 'UTC'
            AND track_moment(day, subject) < $3::timestamptz AT TIME ZONE 'UTC'
        UNION ALL
        SELECT subject, 0, plays
        FROM heard_day
        WHERE track_moment(day, subject) >= $2::timestamptz AT TIME ZONE 'UTC'
            AND track_moment(day, subject) < $3::timestamptz AT TIME ZONE 'UTC'
    ) d
    GROUP BY subject
)
UPDATE track_recent r
SET likes_365 = r.likes_365 - CASE $1::smallint WHEN 365 THEN p.likes ELSE 0 END,
    likes_30 = r.likes_30 - CASE $1::smallint WHEN 30 THEN p.likes ELSE 0 END,
    likes_7 = r.likes_7 - CASE $1::smallint WHEN 7 THEN p.likes ELSE 0 END,
    likes_1 = r.likes_1 - CASE $1::smallint WHEN 1 THEN p.likes ELSE 0 END,
    plays_365 = r.plays_365 - CASE $1::smallint WHEN 365 THEN p.plays ELSE 0 END,
    plays_30 = r.plays_30 - CASE $1::smallint WHEN 30 THEN p.plays ELSE 0 END,
    plays_7 = r.plays_7 - CASE $1::smallint WHEN 7 THEN p.plays ELSE 0 END,
    plays_1 = r.plays_1 - CASE $1::smallint WHEN 1 THEN p.plays ELSE 0 END,
    both_61 = r.both_61 - CASE $1::smallint WHEN 61 THEN p.likes + p.plays ELSE 0 END,
    both_15 = r.both_15 - CASE $1::smallint WHEN 15 THEN p.likes + p.plays ELSE 0 END,
    both_3 = r.both_3 - CASE $1::smallint WHEN 3 THEN p.likes + p.plays ELSE 0 END
FROM passed p
WHERE r.subject = p.subject
RETURNING r.subject, r.likes_365 > 0 OR r.plays_365 > 0 AS anything;

-- name: drop
-- Tracks of which no window holds anything.
-- $1 subjects text[]
DELETE FROM track_recent
WHERE subject = ANY ($1)
    AND (likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1, both_61, both_15,
         both_3)
        = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- name: clear
-- Nothing was liked or played.
TRUNCATE track_recent;
