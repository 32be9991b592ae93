-- What lists and tags are read by.

CREATE INDEX plyr_list_by_type ON plyr_list (account_id, list_type, sort_at DESC, rkey DESC);

-- One direction for both parts, so that a page begins where the last one ended.
DROP INDEX tag_count_most;
CREATE INDEX tag_count_most ON tag_count ((-track_count), tag);

-- Whether something shows is asked row by row here as well, see 0010.
CREATE OR REPLACE VIEW visible_track_tag AS
SELECT g.tag, g.sort_at, g.account_id, g.rkey, a.listed
FROM plyr_track_tag g
JOIN visible_account a ON a.id = g.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = g.account_id AND v.subject = 'fm.plyr.track/' || g.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_comment AS
SELECT c.*, a.did, a.handle, a.pds, a.listed
FROM plyr_comment c
JOIN visible_account a ON a.id = c.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = c.account_id AND v.subject = 'fm.plyr.comment/' || c.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_list AS
SELECT l.*, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.list/' || l.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed
FROM plyr_list l
JOIN visible_account a ON a.id = l.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = l.account_id AND v.subject = 'fm.plyr.list/' || l.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_list_item AS
SELECT i.*
FROM plyr_list_item i
JOIN visible_account a ON a.id = i.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = i.account_id AND v.subject = 'fm.plyr.list/' || i.rkey AND v.hides_view
    LIMIT 1
), false);

CREATE OR REPLACE VIEW visible_album AS
SELECT b.account_id, b.by_list, b.album, b.title, b.slug, b.by_title, b.uri, b.since,
       CASE WHEN b.guest_count > 0 THEN g.image ELSE b.image END AS image,
       CASE WHEN b.guest_count > 0 THEN g.track_count ELSE b.track_count END AS track_count,
       CASE WHEN b.guest_count > 0 THEN g.total_duration ELSE b.total_duration END AS total_duration,
       a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = b.account_id AND b.by_list AND v.subject = 'fm.plyr.list/' || b.album AND v.hides_list
           LIMIT 1
       ), false) AS listed
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
    AND NOT coalesce((
        SELECT true
        FROM visibility v
        WHERE v.account_id = b.account_id AND b.by_list AND v.subject = 'fm.plyr.list/' || b.album AND v.hides_view
        LIMIT 1
    ), false);

CREATE OR REPLACE VIEW visible_album_track AS
SELECT m.account_id, m.rkey, m.by_list, m.album, m.sort_at, b.title, b.slug, b.uri, b.image, b.since
FROM album_track m
JOIN album b ON b.account_id = m.account_id AND b.by_list = m.by_list AND b.album = m.album
JOIN visible_account a ON a.id = m.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = m.account_id AND m.by_list AND v.subject = 'fm.plyr.list/' || m.album AND v.hides_view
    LIMIT 1
), false);
