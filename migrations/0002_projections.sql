-- What the raw records mean: one table per collection, the counts that cross collections, and the views through which
-- alone the read side sees them. All of it is a function of `record` and `visibility`, and can be rebuilt.
--
-- `sort_at` is what the author claims, but never later than the indexing. Subjects are at-uris without a foreign key:
-- children arrive before parents. No table refers to `account` either: `record`, which they follow, does.

-- ------------------------------------------------------------------------------------------------------ fm.plyr

CREATE TABLE plyr_track (
    account_id   bigint NOT NULL,
    sort_at      timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    indexed_at   timestamptz NOT NULL,
    duration     bigint, -- seconds
    audio_size   bigint, -- bytes
    rkey         text COLLATE "C" NOT NULL,
    uri          text COLLATE "C" NOT NULL,
    cid          text COLLATE "C" NOT NULL,
    title        text NOT NULL,
    artist       text NOT NULL,
    file_type    text NOT NULL,
    audio_cid    text COLLATE "C",
    audio_mime   text,
    audio_url    text,
    album        text,
    image        text,
    description  text,
    support_gate text, -- its type
    tags         text[] COLLATE "C" NOT NULL,
    features     text[] COLLATE "C" NOT NULL, -- DIDs
    self_labels  text[] COLLATE "C" NOT NULL,
    -- As in the repo, U+0000 as \u0000 included: embed it, but no function may look inside (json_strip_nulls, ->, ...).
    record       json NOT NULL,
    PRIMARY KEY (account_id, rkey),
    CHECK (audio_cid IS NOT NULL OR audio_url IS NOT NULL)
);
CREATE INDEX plyr_track_latest ON plyr_track (sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX plyr_track_by_actor ON plyr_track (account_id, sort_at DESC, rkey DESC);

CREATE TABLE plyr_track_tag (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL,
    tag        text COLLATE "C" NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    PRIMARY KEY (tag, sort_at, account_id, rkey)
);

-- `canonical`: the earliest of an account's likes of one subject; the one that counts and shows.
CREATE TABLE plyr_like (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    indexed_at timestamptz NOT NULL,
    canonical  boolean NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    uri        text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, rkey)
);
CREATE INDEX plyr_like_by_subject ON plyr_like (subject, sort_at DESC, account_id DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_like_canonical ON plyr_like (account_id, subject) WHERE canonical;
CREATE INDEX plyr_like_repeated ON plyr_like (account_id, subject, sort_at, rkey) WHERE NOT canonical;

CREATE TABLE plyr_comment (
    account_id   bigint NOT NULL,
    sort_at      timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz,
    indexed_at   timestamptz NOT NULL,
    timestamp_ms bigint NOT NULL, -- position in the track
    rkey         text COLLATE "C" NOT NULL,
    uri          text COLLATE "C" NOT NULL,
    cid          text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    subject_cid  text COLLATE "C" NOT NULL,
    text         text NOT NULL,
    PRIMARY KEY (account_id, rkey)
);
CREATE INDEX plyr_comment_by_position ON plyr_comment (subject, timestamp_ms, sort_at, account_id, rkey);
CREATE INDEX plyr_comment_by_time ON plyr_comment (subject, sort_at DESC, account_id DESC, rkey DESC);

-- ----------------------------------------------------------------------------------------------------- profiles

CREATE TABLE plyr_profile (
    account_id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL,
    indexed_at timestamptz NOT NULL,
    avatar     text, -- a URI
    bio        text
);

CREATE TABLE bsky_profile (
    account_id   bigint PRIMARY KEY,
    created_at   timestamptz,
    indexed_at   timestamptz NOT NULL,
    display_name text,
    description  text,
    avatar_cid   text COLLATE "C",
    banner_cid   text COLLATE "C"
);

CREATE TABLE teal_profile (
    account_id    bigint NOT NULL,
    created_at    timestamptz,
    indexed_at    timestamptz NOT NULL,
    alpha         boolean NOT NULL,
    display_name  text,
    description   text,
    avatar_cid    text COLLATE "C",
    banner_cid    text COLLATE "C",
    facets        json, -- of the description
    featured_mbid uuid,
    featured_type text,
    PRIMARY KEY (account_id, alpha)
);

-- ------------------------------------------------------------------------------------------------- played music

-- `recording`, `release`, `artists` say what was played: the MBID, else a version 8 UUID made of a hash.
-- `artist_mbids` runs along `artist_names`; what it has beyond belongs to no name of its own. NULL when there is none.
-- `canonical`: the one play that counts among those of one account, time and recording. `shadowed`: an alpha record
-- whose stable twin, under the same rkey, stands in its place.
CREATE TABLE teal_play (
    account_id     bigint NOT NULL,
    played_at      timestamptz NOT NULL,
    indexed_at     timestamptz NOT NULL,
    duration       bigint, -- seconds
    recording      uuid NOT NULL,
    release        uuid,
    recording_mbid uuid,
    release_mbid   uuid,
    track_mbid     uuid,
    alpha          boolean NOT NULL,
    canonical      boolean NOT NULL,
    shadowed       boolean NOT NULL,
    rkey           text COLLATE "C" NOT NULL,
    cid            text COLLATE "C" NOT NULL,
    track_name     text NOT NULL,
    artist_names   text[] NOT NULL,
    artist_mbids   uuid[],
    artists        uuid[] NOT NULL,
    release_name   text,
    isrc           text,
    origin         text, -- a URI
    service        text, -- a host, or what the client wrote in its place ('local')
    agent          text,
    PRIMARY KEY (account_id, rkey, alpha)
);
-- One row per (account, time, recording): the feed of an actor in its order, and the group of duplicates.
CREATE INDEX teal_play_canonical ON teal_play (account_id, played_at DESC, recording DESC) WHERE canonical;
CREATE INDEX teal_play_repeated ON teal_play (account_id, played_at, recording, alpha, rkey)
    WHERE NOT canonical AND NOT shadowed;

-- A status that was cleared has no track_name, and expires when it starts.
CREATE TABLE teal_status (
    account_id     bigint NOT NULL,
    started_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    indexed_at     timestamptz NOT NULL,
    duration       bigint,
    recording_mbid uuid,
    release_mbid   uuid,
    track_mbid     uuid,
    alpha          boolean NOT NULL,
    track_name     text,
    artist_names   text[] NOT NULL,
    artist_mbids   uuid[],
    release_name   text,
    isrc           text,
    origin         text,
    service        text,
    agent          text,
    PRIMARY KEY (account_id, alpha)
);
CREATE INDEX teal_status_expiry ON teal_status (expires_at);

-- --------------------------------------------------------------------------------------------------- aggregates

-- Of everything that somebody likes or comments on. `owner` is the account whose visible track it is, 0 when there is
-- no such track (yet). Visible accounts' likes and comments only.
CREATE TABLE subject_count (
    owner         bigint NOT NULL,
    like_count    integer NOT NULL,
    comment_count integer NOT NULL,
    subject       text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 80);

-- `hidden` says that nothing of the account is counted anywhere; it follows `visibility`.
CREATE TABLE actor_count (
    account_id     bigint PRIMARY KEY,
    track_count    integer NOT NULL DEFAULT 0,
    likes_received bigint NOT NULL DEFAULT 0,
    scrobble_count bigint NOT NULL DEFAULT 0,
    total_duration numeric NOT NULL DEFAULT 0, -- seconds; hostile durations add up to more than a bigint
    hidden         boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);

-- In slots, so that writers of different accounts rarely wait for each other.
CREATE TABLE totals (
    slot           smallint PRIMARY KEY,
    track_count    bigint NOT NULL DEFAULT 0,
    artist_count   bigint NOT NULL DEFAULT 0,
    like_count     bigint NOT NULL DEFAULT 0, -- of visible tracks
    comment_count  bigint NOT NULL DEFAULT 0, -- of visible tracks
    scrobble_count bigint NOT NULL DEFAULT 0,
    total_duration numeric NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO totals (slot) SELECT generate_series(0, 15);

-- -------------------------------------------------------------------------------------------------------- views

-- A record hidden by itself (a label) does not show; one hidden from lists is not `listed`.
CREATE VIEW visible_track AS
SELECT t.*, a.did, a.handle, a.pds,
       a.listed AND NOT EXISTS (
           SELECT FROM visibility v
           WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_list
       ) AS listed,
       coalesce(c.like_count, 0) AS like_count, coalesce(c.comment_count, 0) AS comment_count
FROM plyr_track t
JOIN visible_account a ON a.id = t.account_id
LEFT JOIN subject_count c ON c.subject = t.uri
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_view
);

CREATE VIEW visible_track_tag AS
SELECT g.tag, g.sort_at, g.account_id, g.rkey, a.listed
FROM plyr_track_tag g
JOIN visible_account a ON a.id = g.account_id
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = g.account_id AND v.subject = 'fm.plyr.track/' || g.rkey AND v.hides_view
);

CREATE VIEW visible_like AS
SELECT l.account_id, l.rkey, l.uri, l.subject, l.sort_at, l.created_at, l.indexed_at, a.did, a.handle, a.pds, a.listed
FROM plyr_like l
JOIN visible_account a ON a.id = l.account_id
WHERE l.canonical;

CREATE VIEW visible_comment AS
SELECT c.*, a.did, a.handle, a.pds, a.listed
FROM plyr_comment c
JOIN visible_account a ON a.id = c.account_id
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = c.account_id AND v.subject = 'fm.plyr.comment/' || c.rkey AND v.hides_view
);

CREATE VIEW visible_teal_profile AS
SELECT p.*, a.did, a.handle, a.pds, a.listed
FROM teal_profile p
JOIN visible_account a ON a.id = p.account_id
WHERE NOT (p.alpha AND EXISTS (SELECT FROM teal_profile s WHERE s.account_id = p.account_id AND NOT s.alpha));

-- Every visible account, with what its profiles make together. `avatar` is a URI, `avatar_cid` a blob at its PDS.
CREATE VIEW visible_profile AS
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
       coalesce(c.total_duration, 0) AS total_duration
FROM visible_account a
LEFT JOIN plyr_profile p ON p.account_id = a.id
LEFT JOIN bsky_profile b ON b.account_id = a.id
LEFT JOIN LATERAL (SELECT * FROM teal_profile s WHERE s.account_id = a.id ORDER BY s.alpha LIMIT 1) t ON true
LEFT JOIN actor_count c ON c.account_id = a.id;

-- All of an account's plays; those that are not canonical repeat one that is.
CREATE VIEW visible_play AS
SELECT p.*, a.did, a.handle, a.pds, a.listed,
       'at://' || a.did || CASE WHEN p.alpha THEN '/fm.teal.alpha.feed.play/' ELSE '/fm.teal.feed.play/' END || p.rkey AS uri
FROM teal_play p
JOIN visible_account a ON a.id = p.account_id;

-- The later of an account's two; it is active while expires_at > now().
CREATE VIEW visible_status AS
SELECT s.*, a.did, a.handle, a.pds, a.listed
FROM teal_status s
JOIN visible_account a ON a.id = s.account_id
WHERE NOT EXISTS (
    SELECT FROM teal_status o
    WHERE o.account_id = s.account_id AND (o.started_at, NOT o.alpha) > (s.started_at, NOT s.alpha)
);

CREATE VIEW visible_totals AS
SELECT sum(track_count)::bigint AS track_count, sum(artist_count)::bigint AS artist_count,
       sum(like_count)::bigint AS like_count, sum(comment_count)::bigint AS comment_count,
       sum(scrobble_count)::bigint AS scrobble_count, sum(total_duration) AS total_duration,
       (SELECT count(*) FROM repo WHERE state = 'synced') AS repo_count,
       (SELECT max(event_time) FROM source_cursor) AS indexed_at
FROM totals;

-- By handle: through visible_account alone no index would serve.
CREATE VIEW visible_handle AS
SELECT i.handle, a.id AS account_id
FROM identity i
JOIN visible_account a ON a.id = i.account_id
WHERE i.handle_valid;

-- What is subscribed to, from the moment at which the first subscription stood.
CREATE VIEW visible_source AS
SELECT source, kind, event_time, updated_at FROM source_cursor;
