-- Likes and plays of tracks by recent windows, kept as they change, so that no chart of tracks is summed when it is read.

-- When a track's day leaves a window. An edge moves on over the minutes of a day, and the tracks' days are spread over
-- them; at rest it is a midnight, and a window holds whole days.
CREATE FUNCTION track_moment(day date, subject text) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day + (hashtext(subject) & 1023) * interval '1 minute';

-- What was liked or played within 365 days, whether it is a track or not: `subject_day` and `heard_day` by the windows of
-- `chart_window` that hold their days. `both_N`: likes and plays together, of the windows that trends are compared with.
CREATE TABLE track_recent (
    likes_365 integer NOT NULL,
    likes_30  integer NOT NULL,
    likes_7   integer NOT NULL,
    likes_1   integer NOT NULL,
    plays_365 integer NOT NULL,
    plays_30  integer NOT NULL,
    plays_7   integer NOT NULL,
    plays_1   integer NOT NULL,
    both_61   integer NOT NULL,
    both_15   integer NOT NULL,
    both_3    integer NOT NULL,
    subject   text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 90);

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
)
INSERT INTO track_recent (likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1,
                          both_61, both_15, both_3, subject)
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
    SELECT subject, track_moment(day, subject) AS moment, likes, 0 AS plays FROM subject_day WHERE likes > 0
    UNION ALL
    SELECT subject, track_moment(day, subject), 0, plays FROM heard_day
) c
JOIN edge e ON c.moment >= e.first
GROUP BY c.subject;

-- A chart: ORDER BY likes_N DESC, subject DESC, of what was liked in the window.
CREATE INDEX track_recent_likes_365 ON track_recent (likes_365 DESC, subject DESC) WHERE likes_365 > 0;
CREATE INDEX track_recent_likes_30 ON track_recent (likes_30 DESC, subject DESC) WHERE likes_30 > 0;
CREATE INDEX track_recent_likes_7 ON track_recent (likes_7 DESC, subject DESC) WHERE likes_7 > 0;
CREATE INDEX track_recent_likes_1 ON track_recent (likes_1 DESC, subject DESC) WHERE likes_1 > 0;
CREATE INDEX track_recent_plays_365 ON track_recent (plays_365 DESC, subject DESC) WHERE plays_365 > 0;
CREATE INDEX track_recent_plays_30 ON track_recent (plays_30 DESC, subject DESC) WHERE plays_30 > 0;
CREATE INDEX track_recent_plays_7 ON track_recent (plays_7 DESC, subject DESC) WHERE plays_7 > 0;
CREATE INDEX track_recent_plays_1 ON track_recent (plays_1 DESC, subject DESC) WHERE plays_1 > 0;
-- What trends: ORDER BY growth_N DESC, both_N DESC, subject DESC, as in visible_recent_track.
CREATE INDEX track_recent_growth_1 ON track_recent (
    ((likes_1 + plays_1) / greatest(both_3 - likes_1 - plays_1, 3)::double precision) DESC,
    (likes_1 + plays_1) DESC,
    subject DESC
) WHERE likes_1 + plays_1 >= 3 AND likes_1 + plays_1 > both_3 - likes_1 - plays_1;
CREATE INDEX track_recent_growth_7 ON track_recent (
    ((likes_7 + plays_7) / greatest(both_15 - likes_7 - plays_7, 3)::double precision) DESC,
    (likes_7 + plays_7) DESC,
    subject DESC
) WHERE likes_7 + plays_7 >= 3 AND likes_7 + plays_7 > both_15 - likes_7 - plays_7;
CREATE INDEX track_recent_growth_30 ON track_recent (
    ((likes_30 + plays_30) / greatest(both_61 - likes_30 - plays_30, 3)::double precision) DESC,
    (likes_30 + plays_30) DESC,
    subject DESC
) WHERE likes_30 + plays_30 >= 3 AND likes_30 + plays_30 > both_61 - likes_30 - plays_30;

-- By these an edge finds what it passes; nobody else looks for days of all tracks any more.
DROP VIEW visible_subject_day;
DROP VIEW visible_heard_day;
DROP TRIGGER IF EXISTS shown ON subject_day;
DROP TRIGGER IF EXISTS shown ON heard_day;
DROP INDEX subject_day_likes;
DROP INDEX heard_day_plays;
CREATE INDEX subject_day_moment ON subject_day (track_moment(day, subject)) WHERE likes > 0;
CREATE INDEX heard_day_moment ON heard_day (track_moment(day, subject));

-- To be joined with visible_track, which says whether a track shows. `both`: likes and plays of a window; `before`: of as
-- many days before it; `growth`: how many times as many they are, what was before counting for three at least.
CREATE VIEW visible_recent_track AS
SELECT subject AS uri, likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1,
       likes_1 + plays_1 AS both_1, both_3 - likes_1 - plays_1 AS before_1,
       (likes_1 + plays_1) / greatest(both_3 - likes_1 - plays_1, 3)::double precision AS growth_1,
       likes_7 + plays_7 AS both_7, both_15 - likes_7 - plays_7 AS before_7,
       (likes_7 + plays_7) / greatest(both_15 - likes_7 - plays_7, 3)::double precision AS growth_7,
       likes_30 + plays_30 AS both_30, both_61 - likes_30 - plays_30 AS before_30,
       (likes_30 + plays_30) / greatest(both_61 - likes_30 - plays_30, 3)::double precision AS growth_30
FROM track_recent;
