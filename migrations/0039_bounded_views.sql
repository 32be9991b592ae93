-- What a view shows beside its record is bounded for whoever has a hundred thousand lists.

-- `home`: of the albums in which a track stands the first of its author's lists, else the one that it names. Asked for one
-- after the other, each in the order of the key; both in one order are all read first.
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
       coalesce(r.play_count, 0) AS play_count,
       a.display_name, a.avatar, a.avatar_cid, t.said,
       coalesce((
           SELECT b.said
           FROM album_track m
           JOIN album b ON b.account_id = m.account_id AND b.by_list AND b.album = m.album
           WHERE m.account_id = t.account_id AND m.rkey = t.rkey AND m.by_list AND NOT coalesce((
               SELECT true
               FROM visibility v
               WHERE v.account_id = m.account_id AND v.subject = 'fm.plyr.list/' || m.album AND v.hides_view
               LIMIT 1
           ), false)
           ORDER BY m.album
           LIMIT 1
       ), (
           SELECT b.said
           FROM album_track m
           JOIN album b ON b.account_id = m.account_id AND NOT b.by_list AND b.album = m.album
           WHERE m.account_id = t.account_id AND m.rkey = t.rkey AND NOT m.by_list
           ORDER BY m.album
           LIMIT 1
       )) AS home
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

-- `album_count`: an album with a track of its author's shows in any case; of these 10,000 are counted. Of those that hold
-- tracks of others alone, which may all be unknown, a hundred are looked into.
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
       (
           SELECT count(*)
           FROM (
               SELECT
               FROM album o
               WHERE o.account_id = a.id AND o.track_count > 0 AND NOT coalesce((
                   SELECT true
                   FROM visibility v
                   WHERE v.account_id = o.account_id AND o.by_list AND v.subject = 'fm.plyr.list/' || o.album AND v.hides_view
                   LIMIT 1
               ), false)
               LIMIT 10000
           ) m
       ) + (
           SELECT count(*)
           FROM (
               SELECT o.account_id, o.album
               FROM album o
               WHERE o.account_id = a.id AND o.track_count = 0 AND o.guest_count > 0 AND NOT coalesce((
                   SELECT true
                   FROM visibility v
                   WHERE v.account_id = o.account_id AND o.by_list AND v.subject = 'fm.plyr.list/' || o.album AND v.hides_view
                   LIMIT 1
               ), false)
               ORDER BY o.account_id, o.by_list, o.album
               LIMIT 100
           ) m
           WHERE EXISTS (
               SELECT FROM plyr_list_item i
               JOIN visible_track g ON g.uri = i.subject
               WHERE i.account_id = m.account_id AND i.rkey = m.album AND NOT i.repeated
           )
       ) AS album_count
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
