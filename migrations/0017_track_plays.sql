-- Plays of tracks: which play belongs to which, and what follows from it. Functions of tracks, plays and who is visible;
-- what was there before is matched by `reindex`.

-- By what a play says of which track it is: an at-uri in its origin; of a play on plyr.fm, its title and artist.
ALTER TABLE teal_play ADD COLUMN track_uri text COLLATE "C", ADD COLUMN track_named uuid;
ALTER TABLE teal_status ADD COLUMN track_uri text COLLATE "C", ADD COLUMN track_named uuid;
CREATE INDEX teal_play_to_track ON teal_play (account_id, rkey) WHERE track_uri IS NOT NULL OR track_named IS NOT NULL;
CREATE INDEX teal_play_by_track ON teal_play (track_uri) WHERE canonical AND track_uri IS NOT NULL;
CREATE INDEX teal_play_by_name ON teal_play (track_named) WHERE canonical AND track_named IS NOT NULL;

-- Every track that shows. `name`: its title and artist as they are compared; NULL where one of them says nothing.
CREATE TABLE ranked_track (
    account_id bigint NOT NULL,
    indexed_at timestamptz NOT NULL,
    sort_at    timestamptz NOT NULL,
    name       uuid,
    play_count integer NOT NULL DEFAULT 0,
    rkey       text COLLATE "C" NOT NULL,
    uri        text COLLATE "C" NOT NULL,
    tags       text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, rkey)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX ranked_track_uri ON ranked_track (uri);
CREATE INDEX ranked_track_name ON ranked_track (name, indexed_at, uri) WHERE name IS NOT NULL;

-- Every play that counts and belongs to such a track. `owner`: whose track it is; `day`: of the play, UTC.
CREATE TABLE track_play (
    account_id bigint NOT NULL,
    owner      bigint NOT NULL,
    day        date NOT NULL,
    alpha      boolean NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, rkey, alpha)
);
CREATE INDEX track_play_subject ON track_play (subject);

-- Who listens to whom.
CREATE TABLE track_listener (
    owner      bigint NOT NULL,
    account_id bigint NOT NULL,
    plays      bigint NOT NULL,
    PRIMARY KEY (owner, account_id)
) WITH (fillfactor = 80);

-- Of authors of which a track has been played.
CREATE TABLE heard_actor (
    account_id     bigint PRIMARY KEY,
    play_count     bigint NOT NULL,
    listener_count bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE heard_tag (
    play_count bigint NOT NULL,
    tag        text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 80);

-- In slots, as `totals` is, but written at another time.
CREATE TABLE heard_total (
    slot       smallint PRIMARY KEY,
    play_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO heard_total (slot) SELECT generate_series(0, 15);

-- Accounts with a play of any music.
ALTER TABLE totals ADD COLUMN listener_count bigint NOT NULL DEFAULT 0;
UPDATE totals t
SET listener_count = (SELECT count(*) FROM actor_count c WHERE c.account_id % 16 = t.slot AND c.scrobble_count <> 0);

CREATE OR REPLACE VIEW visible_track AS
SELECT t.account_id, t.sort_at, t.created_at, t.indexed_at, t.duration, t.audio_size, t.rkey, t.uri, t.cid, t.title, t.artist,
       t.file_type, t.audio_cid, t.audio_mime, t.audio_url, t.album, t.image, t.description, t.support_gate, t.tags,
       t.features, t.self_labels, t.record, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed,
       coalesce(c.like_count, 0) AS like_count, coalesce(c.comment_count, 0) AS comment_count,
       coalesce(r.play_count, 0) AS play_count
FROM plyr_track t
JOIN visible_account a ON a.id = t.account_id
LEFT JOIN subject_count c ON c.subject = t.uri
LEFT JOIN ranked_track r ON r.account_id = t.account_id AND r.rkey = t.rkey
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_view
    LIMIT 1
), false);

-- `track`: the uri of the track to which it belongs.
CREATE OR REPLACE VIEW visible_play AS
SELECT p.account_id, p.played_at, p.indexed_at, p.duration, p.recording, p.release, p.recording_mbid, p.release_mbid,
       p.track_mbid, p.alpha, p.canonical, p.shadowed, p.rkey, p.cid, p.track_name, p.artist_names, p.artist_mbids,
       p.artists, p.release_name, p.isrc, p.origin, p.service, p.agent, a.did, a.handle, a.pds, a.listed,
       'at://' || a.did || CASE WHEN p.alpha THEN '/fm.teal.alpha.feed.play/' ELSE '/fm.teal.feed.play/' END || p.rkey
           AS uri,
       CASE WHEN p.track_uri IS NOT NULL OR p.track_named IS NOT NULL THEN (
           SELECT m.subject
           FROM track_play m
           WHERE m.account_id = p.account_id AND m.rkey = p.rkey AND m.alpha = p.alpha
       ) END AS track
FROM teal_play p
JOIN visible_account a ON a.id = p.account_id;

CREATE OR REPLACE VIEW visible_status AS
SELECT s.account_id, s.started_at, s.expires_at, s.indexed_at, s.duration, s.recording_mbid, s.release_mbid, s.track_mbid,
       s.alpha, s.track_name, s.artist_names, s.artist_mbids, s.release_name, s.isrc, s.origin, s.service, s.agent,
       a.did, a.handle, a.pds, a.listed,
       coalesce(
           (SELECT r.uri FROM ranked_track r WHERE r.uri = s.track_uri),
           (SELECT r.uri FROM ranked_track r WHERE r.name = s.track_named ORDER BY r.indexed_at, r.uri LIMIT 1)
       ) AS track
FROM teal_status s
JOIN visible_account a ON a.id = s.account_id
WHERE NOT EXISTS (
    SELECT FROM teal_status o
    WHERE o.account_id = s.account_id AND (o.started_at, NOT o.alpha) > (s.started_at, NOT s.alpha)
);

CREATE VIEW visible_heard_actor AS
SELECT h.account_id, h.play_count, h.listener_count
FROM heard_actor h
JOIN visible_account a ON a.id = h.account_id;

CREATE VIEW visible_heard_tag AS
SELECT tag, play_count FROM heard_tag;

CREATE VIEW visible_heard_total AS
SELECT (SELECT sum(play_count) FROM heard_total)::bigint AS play_count,
       (SELECT sum(listener_count) FROM totals)::bigint AS listener_count;
