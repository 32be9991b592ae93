-- A play that repeats another counts for no track, but speaks of one as well: by `track_uri`, else by `track_named`. Lists
-- show none, and take the track to which a play belongs, `track`.
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
       ) END AS track,
       p.track_uri, p.track_named
FROM teal_play p
JOIN visible_account a ON a.id = p.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = p.account_id AND v.subject = CASE WHEN p.alpha THEN 'fm.teal.alpha.feed.play/' ELSE 'fm.teal.feed.play/' END || p.rkey AND v.hides_view
    LIMIT 1
), false);

-- Tracks without a name are found by their uri.
CREATE OR REPLACE VIEW visible_track_name AS SELECT name, indexed_at, uri FROM ranked_track;
