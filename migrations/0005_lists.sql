-- Lists, albums (by list and by name), tags, and what a stream of activity is read from.

-- ------------------------------------------------------------------------------------------------------ fm.plyr

-- `sort_at`: the time in the record's key, since a client writes `createdAt` anew with every change.
CREATE TABLE plyr_list (
    account_id  bigint NOT NULL,
    sort_at     timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz,
    indexed_at  timestamptz NOT NULL,
    item_count  integer NOT NULL,
    guest_count integer NOT NULL, -- different subjects among the items that are not in the author's own repo
    rkey        text COLLATE "C" NOT NULL,
    uri         text COLLATE "C" NOT NULL,
    cid         text COLLATE "C" NOT NULL,
    list_type   text COLLATE "C" NOT NULL,
    name        text,
    PRIMARY KEY (account_id, rkey)
);
CREATE INDEX plyr_list_by_actor ON plyr_list (account_id, sort_at DESC, rkey DESC);
CREATE INDEX plyr_list_latest ON plyr_list (sort_at DESC, account_id DESC, rkey DESC);

-- In the author's order. `repeated`: the subject stands in the same list before. `own`: in the author's own repo.
CREATE TABLE plyr_list_item (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL, -- the list's
    place      integer NOT NULL,
    repeated   boolean NOT NULL,
    own        boolean NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, rkey, place)
);
CREATE INDEX plyr_list_item_by_subject ON plyr_list_item (subject, sort_at DESC, account_id DESC, rkey DESC)
    WHERE NOT repeated;
CREATE INDEX plyr_list_item_own ON plyr_list_item (account_id, subject) WHERE own AND NOT repeated;

-- What refers to a track does so by its uri.
CREATE INDEX plyr_track_by_uri ON plyr_track (uri);

-- ------------------------------------------------------------------------------------------------------- albums

-- An album is a list of that type, or the tracks of an account that share a name and stand in no such list of theirs.
-- `album`: the list's key, or the name as it is compared. `stem`: what the slugs have in common that may collide.
-- Tracks are the account's own; those of others (guests) show when they are read.
CREATE TABLE album (
    account_id     bigint NOT NULL,
    since          timestamptz NOT NULL, -- the list's time, or the earliest track's
    track_count    integer NOT NULL,
    guest_count    integer NOT NULL,
    by_list        boolean NOT NULL,
    total_duration numeric NOT NULL, -- seconds
    album          text COLLATE "C" NOT NULL,
    title          text NOT NULL,
    slug           text COLLATE "C" NOT NULL,
    stem           text COLLATE "C" NOT NULL,
    by_title       text COLLATE "C" NOT NULL, -- the title as it is sorted, and the slug
    uri            text COLLATE "C", -- the list's
    image          text, -- of the first track that has one
    PRIMARY KEY (account_id, by_list, album),
    -- At the end of a statement: several may change places.
    CONSTRAINT album_slug UNIQUE (account_id, slug) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX album_by_stem ON album (account_id, stem);
CREATE INDEX album_by_title ON album (account_id, by_title) WHERE track_count > 0 OR guest_count > 0;
CREATE INDEX album_latest ON album (since DESC, account_id DESC, slug DESC) WHERE track_count > 0 OR guest_count > 0;

-- Which of an account's own tracks stand in which of its albums.
CREATE TABLE album_track (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL, -- the track's
    by_list    boolean NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    album      text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, rkey, by_list, album)
);
CREATE INDEX album_track_of_album ON album_track (account_id, by_list, album, sort_at, rkey);

-- --------------------------------------------------------------------------------------------------- aggregates

-- Of visible accounts' tracks.
CREATE TABLE tag_count (
    track_count integer NOT NULL,
    tag         text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 80);
CREATE INDEX tag_count_most ON tag_count (track_count DESC, tag);

ALTER TABLE actor_count ADD COLUMN playlist_count integer NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN list_count bigint NOT NULL DEFAULT 0;

-- ----------------------------------------------------------------------------------------------------- activity

CREATE INDEX plyr_like_latest ON plyr_like (sort_at DESC, account_id DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_like_by_actor ON plyr_like (account_id, sort_at DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_comment_latest ON plyr_comment (sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX plyr_comment_by_actor ON plyr_comment (account_id, sort_at DESC, rkey DESC);
CREATE INDEX plyr_profile_latest ON plyr_profile (least(created_at, indexed_at) DESC, account_id DESC);

-- -------------------------------------------------------------------------------------------------------- views

CREATE VIEW visible_list AS
SELECT l.*, a.did, a.handle, a.pds,
       a.listed AND NOT EXISTS (
           SELECT FROM visibility v
           WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.list/' || l.rkey AND v.hides_list
       ) AS listed
FROM plyr_list l
JOIN visible_account a ON a.id = l.account_id
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.list/' || l.rkey AND v.hides_view
);

CREATE VIEW visible_list_item AS
SELECT i.*
FROM plyr_list_item i
JOIN visible_account a ON a.id = i.account_id
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = i.account_id AND v.subject = 'fm.plyr.list/' || i.rkey AND v.hides_view
);

-- One without a visible track does not show. Where others' tracks are in it, all is counted anew.
CREATE VIEW visible_album AS
SELECT b.account_id, b.by_list, b.album, b.title, b.slug, b.by_title, b.uri, b.since,
       CASE WHEN b.guest_count > 0 THEN g.image ELSE b.image END AS image,
       CASE WHEN b.guest_count > 0 THEN g.track_count ELSE b.track_count END AS track_count,
       CASE WHEN b.guest_count > 0 THEN g.total_duration ELSE b.total_duration END AS total_duration,
       a.did, a.handle, a.pds,
       a.listed AND NOT EXISTS (
           SELECT FROM visibility v
           WHERE v.account_id = b.account_id AND b.by_list AND v.subject = 'fm.plyr.list/' || b.album AND v.hides_list
       ) AS listed
FROM album b
JOIN visible_account a ON a.id = b.account_id
LEFT JOIN LATERAL (
    SELECT count(*)::integer AS track_count, coalesce(sum(t.duration), 0) AS total_duration,
           (array_agg(t.image ORDER BY i.place) FILTER (WHERE t.image IS NOT NULL))[1] AS image
    FROM plyr_list_item i
    JOIN visible_track t ON t.uri = i.subject
    WHERE b.guest_count > 0 AND i.account_id = b.account_id AND i.rkey = b.album AND NOT i.repeated
) g ON true
WHERE (b.track_count > 0 OR b.guest_count > 0)
    AND CASE WHEN b.guest_count > 0 THEN g.track_count ELSE b.track_count END > 0
    AND NOT EXISTS (
        SELECT FROM visibility v
        WHERE v.account_id = b.account_id AND b.by_list AND v.subject = 'fm.plyr.list/' || b.album AND v.hides_view
    );

-- What is told of the albums beside their tracks.
CREATE VIEW visible_album_track AS
SELECT m.account_id, m.rkey, m.by_list, m.album, m.sort_at, b.title, b.slug, b.uri, b.image, b.since
FROM album_track m
JOIN album b ON b.account_id = m.account_id AND b.by_list = m.by_list AND b.album = m.album
JOIN visible_account a ON a.id = m.account_id
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = m.account_id AND m.by_list AND v.subject = 'fm.plyr.list/' || m.album AND v.hides_view
);

CREATE VIEW visible_tag AS
SELECT tag, track_count FROM tag_count;

-- Somebody joins by writing a profile of plyr's.
CREATE VIEW visible_join AS
SELECT p.account_id, 'self'::text COLLATE "C" AS rkey, least(p.created_at, p.indexed_at) AS sort_at, a.listed,
       'at://' || a.did || '/' || coalesce((SELECT namespace FROM instance), 'fm.plyr') || '.actor.profile/self' AS uri
FROM plyr_profile p
JOIN visible_account a ON a.id = p.account_id;

CREATE OR REPLACE VIEW visible_profile AS
SELECT a.id AS account_id, a.did, a.handle, a.pds, a.listed, a.first_seen,
       coalesce(b.display_name, t.display_name) AS display_name,
       p.avatar,
       coalesce(b.avatar_cid, t.avatar_cid) AS avatar_cid,
       coalesce(b.banner_cid, t.banner_cid) AS banner_cid,
       coalesce(p.bio, t.description, b.description) AS description,
       coalesce(p.created_at, b.created_at, t.created_at) AS created_at,
       coalesce(p.indexed_at, b.indexed_at, t.indexed_at) AS indexed_at,
       coalesce(c.track_count, 0) AS track_count,
       coalesce(c.likes_received, 0) AS likes_received,
       coalesce(c.scrobble_count, 0) AS scrobble_count,
       coalesce(c.total_duration, 0) AS total_duration,
       coalesce(c.playlist_count, 0) AS playlist_count,
       (SELECT count(*) FROM visible_album m WHERE m.account_id = a.id) AS album_count
FROM visible_account a
LEFT JOIN plyr_profile p ON p.account_id = a.id
LEFT JOIN bsky_profile b ON b.account_id = a.id
LEFT JOIN LATERAL (SELECT * FROM teal_profile s WHERE s.account_id = a.id ORDER BY s.alpha LIMIT 1) t ON true
LEFT JOIN actor_count c ON c.account_id = a.id;

CREATE OR REPLACE VIEW visible_totals AS
SELECT sum(track_count)::bigint AS track_count, sum(artist_count)::bigint AS artist_count,
       sum(like_count)::bigint AS like_count, sum(comment_count)::bigint AS comment_count,
       sum(scrobble_count)::bigint AS scrobble_count, sum(total_duration) AS total_duration,
       (SELECT count(*) FROM repo WHERE state = 'synced') AS repo_count,
       (SELECT max(event_time) FROM source_cursor) AS indexed_at,
       sum(list_count)::bigint AS list_count
FROM totals;
