-- How often recordings were played as part of a release: what a release holds, by how it is heard.

-- Of the plays that count, as `played` has them. A release and a recording are here together as long as anybody plays
-- them so. What stands on one release is few, and sorted when it is read.
CREATE TABLE played_on (
    release   integer NOT NULL,
    recording integer NOT NULL,
    plays     integer NOT NULL,
    PRIMARY KEY (release, recording)
) WITH (fillfactor = 90);

-- Nothing where nothing is counted before the next reindex: `played` is empty then.
INSERT INTO played_on (release, recording, plays)
SELECT r.id, t.id, p.plays
FROM (
    SELECT p.release, p.recording, count(*) AS plays
    FROM teal_play p
    WHERE p.canonical AND p.release IS NOT NULL
        AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = p.account_id AND c.hidden)
    GROUP BY p.release, p.recording
) p
JOIN played r ON r.key = p.release AND r.kind = 'release'
JOIN played t ON t.key = p.recording AND t.kind = 'recording';

CREATE VIEW visible_played_on AS SELECT release, recording, plays FROM played_on;

-- The tracks that show, by title and artist as plays and tracks are compared (see track_plays): to be ordered by
-- (indexed_at, uri), and joined with visible_track.
CREATE VIEW visible_track_name AS SELECT name, indexed_at, uri FROM ranked_track WHERE name IS NOT NULL;
