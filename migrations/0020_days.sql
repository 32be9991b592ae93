-- Likes, comments, tracks and plays of tracks by their day (UTC): what charts of a period and figures by day are made of.

-- What subjects have received, whether they are tracks or not, from accounts that are not hidden.
CREATE TABLE subject_day (
    day      date NOT NULL,
    likes    integer NOT NULL,
    comments integer NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, day)
) WITH (fillfactor = 80);
CREATE INDEX subject_day_likes ON subject_day (day, subject) INCLUDE (likes) WHERE likes > 0;

-- What authors have published, and their visible tracks received.
CREATE TABLE actor_day (
    account_id bigint NOT NULL,
    day        date NOT NULL,
    tracks     integer NOT NULL,
    likes      integer NOT NULL,
    comments   integer NOT NULL,
    PRIMARY KEY (account_id, day)
) WITH (fillfactor = 80);

-- The same of all authors, in slots.
CREATE TABLE total_day (
    tracks   bigint NOT NULL,
    likes    bigint NOT NULL,
    comments bigint NOT NULL,
    day      date NOT NULL,
    slot     smallint NOT NULL,
    PRIMARY KEY (day, slot)
) WITH (fillfactor = 50);

-- Plays of tracks.
CREATE TABLE heard_day (
    day     date NOT NULL,
    plays   integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, day)
) WITH (fillfactor = 80);
CREATE INDEX heard_day_plays ON heard_day (day, subject) INCLUDE (plays);

-- Who has played tracks.
CREATE TABLE listener_day (
    account_id bigint NOT NULL,
    day        date NOT NULL,
    plays      integer NOT NULL,
    PRIMARY KEY (account_id, day)
) WITH (fillfactor = 80);

-- All plays of tracks, and how many have played one, in slots.
CREATE TABLE heard_total_day (
    plays     bigint NOT NULL,
    listeners bigint NOT NULL,
    day       date NOT NULL,
    slot      smallint NOT NULL,
    PRIMARY KEY (day, slot)
) WITH (fillfactor = 50);

CREATE INDEX ranked_track_plays ON ranked_track (play_count DESC, uri DESC) WHERE play_count > 0;
CREATE INDEX track_play_owner ON track_play (owner, day, account_id);

INSERT INTO subject_day (subject, day, likes, comments)
SELECT subject, day, sum(likes), sum(comments)
FROM (
    SELECT account_id, subject, (sort_at AT TIME ZONE 'UTC')::date AS day, 1 AS likes, 0 AS comments
    FROM plyr_like
    WHERE canonical
    UNION ALL
    SELECT account_id, subject, (sort_at AT TIME ZONE 'UTC')::date, 0, 1 FROM plyr_comment
) received
WHERE NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = received.account_id AND c.hidden)
GROUP BY subject, day;

INSERT INTO actor_day (account_id, day, tracks, likes, comments)
SELECT account_id, day, sum(tracks), sum(likes), sum(comments)
FROM (
    SELECT c.owner AS account_id, d.day, 0 AS tracks, d.likes, d.comments
    FROM subject_day d
    JOIN subject_count c ON c.subject = d.subject AND c.owner <> 0
    UNION ALL
    SELECT t.account_id, (t.sort_at AT TIME ZONE 'UTC')::date, 1, 0, 0
    FROM plyr_track t
    WHERE NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = t.account_id AND c.hidden)
) figures
GROUP BY account_id, day;

INSERT INTO total_day (day, slot, tracks, likes, comments)
SELECT day, account_id % 16, sum(tracks), sum(likes), sum(comments) FROM actor_day GROUP BY day, account_id % 16;

INSERT INTO heard_day (subject, day, plays) SELECT subject, day, count(*) FROM track_play GROUP BY subject, day;
INSERT INTO listener_day (account_id, day, plays) SELECT account_id, day, count(*) FROM track_play GROUP BY account_id, day;
INSERT INTO heard_total_day (day, slot, plays, listeners)
SELECT day, account_id % 16, sum(plays), count(*) FROM listener_day GROUP BY day, account_id % 16;

CREATE VIEW visible_subject_day AS SELECT subject AS uri, day, likes FROM subject_day WHERE likes > 0;

CREATE VIEW visible_heard_day AS SELECT subject AS uri, day, plays FROM heard_day;

-- To be ordered by (plays, uri), and joined with visible_track, which says whether a track shows.
CREATE VIEW visible_played_track AS SELECT uri, play_count AS plays FROM ranked_track WHERE play_count > 0;

CREATE VIEW visible_actor_day AS SELECT account_id, day, tracks, likes, comments FROM actor_day;

CREATE VIEW visible_listening_day AS SELECT owner, day, account_id FROM track_play;

CREATE VIEW visible_total_day AS
SELECT day, sum(tracks)::bigint AS tracks, sum(likes)::bigint AS likes, sum(comments)::bigint AS comments
FROM total_day
GROUP BY day;

CREATE VIEW visible_heard_total_day AS
SELECT day, sum(plays)::bigint AS plays, sum(listeners)::bigint AS listeners FROM heard_total_day GROUP BY day;
