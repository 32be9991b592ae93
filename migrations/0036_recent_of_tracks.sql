-- Charts of tracks pass over what is no track: anybody may like as many invented at-uris as they want.

-- `track`: whether there is a track there that shows, as `owner` of `subject_count` says.
ALTER TABLE track_recent ADD COLUMN track boolean NOT NULL DEFAULT false;
UPDATE track_recent r SET track = true FROM subject_count c WHERE c.subject = r.subject AND c.owner <> 0;
ALTER TABLE track_recent ALTER COLUMN track DROP DEFAULT;

DROP INDEX track_recent_likes_365, track_recent_likes_30, track_recent_likes_7, track_recent_likes_1,
    track_recent_plays_365, track_recent_plays_30, track_recent_plays_7, track_recent_plays_1,
    track_recent_growth_1, track_recent_growth_7, track_recent_growth_30;
-- A chart: ORDER BY likes_N DESC, subject DESC, of what was liked in the window.
CREATE INDEX track_recent_likes_365 ON track_recent (likes_365 DESC, subject DESC) WHERE track AND likes_365 > 0;
CREATE INDEX track_recent_likes_30 ON track_recent (likes_30 DESC, subject DESC) WHERE track AND likes_30 > 0;
CREATE INDEX track_recent_likes_7 ON track_recent (likes_7 DESC, subject DESC) WHERE track AND likes_7 > 0;
CREATE INDEX track_recent_likes_1 ON track_recent (likes_1 DESC, subject DESC) WHERE track AND likes_1 > 0;
CREATE INDEX track_recent_plays_365 ON track_recent (plays_365 DESC, subject DESC) WHERE track AND plays_365 > 0;
CREATE INDEX track_recent_plays_30 ON track_recent (plays_30 DESC, subject DESC) WHERE track AND plays_30 > 0;
CREATE INDEX track_recent_plays_7 ON track_recent (plays_7 DESC, subject DESC) WHERE track AND plays_7 > 0;
CREATE INDEX track_recent_plays_1 ON track_recent (plays_1 DESC, subject DESC) WHERE track AND plays_1 > 0;
-- What trends: ORDER BY growth_N DESC, both_N DESC, subject DESC, as in visible_recent_track.
CREATE INDEX track_recent_growth_1 ON track_recent (
    ((likes_1 + plays_1) / greatest(both_3 - likes_1 - plays_1, 3)::double precision) DESC,
    (likes_1 + plays_1) DESC,
    subject DESC
) WHERE track AND likes_1 + plays_1 >= 3 AND likes_1 + plays_1 > both_3 - likes_1 - plays_1;
CREATE INDEX track_recent_growth_7 ON track_recent (
    ((likes_7 + plays_7) / greatest(both_15 - likes_7 - plays_7, 3)::double precision) DESC,
    (likes_7 + plays_7) DESC,
    subject DESC
) WHERE track AND likes_7 + plays_7 >= 3 AND likes_7 + plays_7 > both_15 - likes_7 - plays_7;
CREATE INDEX track_recent_growth_30 ON track_recent (
    ((likes_30 + plays_30) / greatest(both_61 - likes_30 - plays_30, 3)::double precision) DESC,
    (likes_30 + plays_30) DESC,
    subject DESC
) WHERE track AND likes_30 + plays_30 >= 3 AND likes_30 + plays_30 > both_61 - likes_30 - plays_30;

-- To be joined with visible_track, which says whether a track shows. `both`: likes and plays of a window; `before`: of as
-- many days before it; `growth`: how many times as many they are, what was before counting for three at least.
CREATE OR REPLACE VIEW visible_recent_track AS
SELECT subject AS uri, likes_365, likes_30, likes_7, likes_1, plays_365, plays_30, plays_7, plays_1,
       likes_1 + plays_1 AS both_1, both_3 - likes_1 - plays_1 AS before_1,
       (likes_1 + plays_1) / greatest(both_3 - likes_1 - plays_1, 3)::double precision AS growth_1,
       likes_7 + plays_7 AS both_7, both_15 - likes_7 - plays_7 AS before_7,
       (likes_7 + plays_7) / greatest(both_15 - likes_7 - plays_7, 3)::double precision AS growth_7,
       likes_30 + plays_30 AS both_30, both_61 - likes_30 - plays_30 AS before_30,
       (likes_30 + plays_30) / greatest(both_61 - likes_30 - plays_30, 3)::double precision AS growth_30
FROM track_recent
WHERE track;
