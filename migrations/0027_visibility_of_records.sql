-- Whether a record shows is asked of each, whatever it is: of some collections that was left out so far. Row by row, of an
-- index, see 0010. A profile that is hidden says nothing; what it has said of its account's name goes when that is made
-- anew (`actor_name`).

CREATE OR REPLACE VIEW visible_like AS
SELECT l.account_id, l.rkey, l.uri, l.subject, l.sort_at, l.created_at, l.indexed_at, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.like/' || l.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed
FROM plyr_like l
JOIN visible_account a ON a.id = l.account_id
WHERE l.canonical AND NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.like/' || l.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_comment AS
SELECT c.*, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = c.account_id AND v.subject = 'fm.plyr.comment/' || c.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed
FROM plyr_comment c
JOIN visible_account a ON a.id = c.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = c.account_id AND v.subject = 'fm.plyr.comment/' || c.rkey AND v.hides_view
    LIMIT 1
), false);

-- `track`: the uri of the track to which it belongs.
CREATE OR REPLACE VIEW visible_play AS
SELECT p.account_id, p.played_at, p.indexed_at, p.duration, p.recording, p.release, p.recording_mbid, p.release_mbid,
       p.track_mbid, p.alpha, p.canonical, p.shadowed, p.rkey, p.cid, p.track_name, p.artist_names, p.artist_mbids,
       p.artists, p.release_name, p.isrc, p.origin, p.service, p.agent, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.feed.play/' ELSE 'fm.teal.feed.play/' END || p.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed,
       'at://' || a.did || CASE WHEN p.alpha THEN '/fm.teal.alpha.feed.play/' ELSE '/fm.teal.feed.play/' END || p.rkey
           AS uri,
       CASE WHEN p.track_uri IS NOT NULL OR p.track_named IS NOT NULL THEN (
           SELECT m.subject
           FROM track_play m
           WHERE m.account_id = p.account_id AND m.rkey = p.rkey AND m.alpha = p.alpha
       ) END AS track
FROM teal_play p
JOIN visible_account a ON a.id = p.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.feed.play/' ELSE 'fm.teal.feed.play/' END || p.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_status AS
SELECT s.account_id, s.started_at, s.expires_at, s.indexed_at, s.duration, s.recording_mbid, s.release_mbid, s.track_mbid,
       s.alpha, s.track_name, s.artist_names, s.artist_mbids, s.release_name, s.isrc, s.origin, s.service, s.agent,
       a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = s.account_id AND v.subject = CASE WHEN s.alpha THEN 'fm.teal.alpha.actor.status/self' ELSE 'fm.teal.actor.status/self' END AND v.hides_list
           LIMIT 1
       ), false) AS listed,
       coalesce(
           (SELECT r.uri FROM ranked_track r WHERE r.uri = s.track_uri),
           (SELECT r.uri FROM ranked_track r WHERE r.name = s.track_named ORDER BY r.indexed_at, r.uri LIMIT 1)
       ) AS track
FROM teal_status s
JOIN visible_account a ON a.id = s.account_id
WHERE NOT EXISTS (
    SELECT FROM teal_status o
    WHERE o.account_id = s.account_id AND (o.started_at, NOT o.alpha) > (s.started_at, NOT s.alpha)
) AND NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = s.account_id AND v.subject = CASE WHEN s.alpha THEN 'fm.teal.alpha.actor.status/self' ELSE 'fm.teal.actor.status/self' END AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_join AS
SELECT p.account_id, 'self'::text COLLATE "C" AS rkey, least(p.created_at, p.indexed_at) AS sort_at,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = p.account_id AND v.subject = 'fm.plyr.actor.profile/self' AND v.hides_list
           LIMIT 1
       ), false) AS listed,
       'at://' || a.did || '/' || coalesce((SELECT namespace FROM instance), 'fm.plyr') || '.actor.profile/self' AS uri
FROM plyr_profile p
JOIN visible_account a ON a.id = p.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = p.account_id AND v.subject = 'fm.plyr.actor.profile/self' AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_teal_profile AS
SELECT p.*, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END AND v.hides_list
           LIMIT 1
       ), false) AS listed
FROM teal_profile p
JOIN visible_account a ON a.id = p.account_id
WHERE NOT (p.alpha AND EXISTS (SELECT FROM teal_profile s WHERE s.account_id = p.account_id AND NOT s.alpha))
    AND NOT coalesce((
        SELECT true
        FROM visibility v
        WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END AND v.hides_view
        LIMIT 1
    ), false);

CREATE OR REPLACE VIEW visible_teal_name AS
SELECT lower(p.display_name) COLLATE "C" AS name, a.id AS account_id, a.handle,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END AND v.hides_list
           LIMIT 1
       ), false) AS listed
FROM teal_profile p
JOIN visible_account a ON a.id = p.account_id
-- Not EXISTS, for which a plan would hash all profiles.
WHERE p.alpha = (SELECT s.alpha FROM teal_profile s WHERE s.account_id = p.account_id ORDER BY s.alpha LIMIT 1)
    AND NOT coalesce((
        SELECT true
        FROM visibility v
        WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END AND v.hides_view
        LIMIT 1
    ), false);

CREATE OR REPLACE VIEW visible_profile AS
SELECT a.id AS account_id, a.did, a.handle, a.pds, a.listed, a.first_seen,
       a.display_name, a.avatar, a.avatar_cid,
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
LEFT JOIN plyr_profile p ON p.account_id = a.id AND NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = p.account_id AND v.subject = 'fm.plyr.actor.profile/self' AND v.hides_view
    LIMIT 1
), false)
LEFT JOIN bsky_profile b ON b.account_id = a.id AND NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = b.account_id AND v.subject = 'app.bsky.actor.profile/self' AND v.hides_view
    LIMIT 1
), false)
LEFT JOIN LATERAL (SELECT * FROM teal_profile s WHERE s.account_id = a.id ORDER BY s.alpha LIMIT 1) t
    ON NOT coalesce((
        SELECT true
        FROM visibility v
        WHERE v.account_id = t.account_id AND v.subject = CASE WHEN t.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END AND v.hides_view
        LIMIT 1
    ), false)
LEFT JOIN actor_count c ON c.account_id = a.id;

CREATE OR REPLACE VIEW visible_link AS
SELECT l.link, l.sort_at, l.account_id, l.rkey, a.did
FROM record_link l
JOIN visible_account a ON a.id = l.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = l.account_id AND v.subject = l.collection || '/' || l.rkey AND v.hides_view
    LIMIT 1
), false);
