-- What a track's view shows of the record alone is made into JSON when the record is written, and so is what it shows of
-- an album. A row that holds it beside the record stays in one piece up to a page, since taking it apart costs each read.

-- The fields of such an object, without its braces; what the record does not say is absent, and so are uri and cid, which are
-- in the row and have nothing that JSON would write otherwise.
CREATE FUNCTION track_said(
    uri text, cid text, title text, artist text, file_type text, duration bigint, image text, description text,
    tags text[], support_gate text, self_labels text[], created_at timestamptz, indexed_at timestamptz
) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    created text := to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    labels json;
    said text;
BEGIN
    IF cardinality(self_labels) > 0 THEN
        labels := (
            SELECT json_agg(json_build_object(
                'src', split_part(uri, '/', 3), 'uri', uri, 'cid', cid, 'val', val, 'cts', created
            ) ORDER BY place)
            FROM unnest(self_labels) WITH ORDINALITY self (val, place)
        );
    END IF;
    said := json_strip_nulls(json_build_object(
        'title', title,
        'artist', artist,
        'fileType', file_type,
        'duration', duration,
        'image', image,
        'description', description,
        'tags', CASE WHEN cardinality(tags) > 0 THEN tags END,
        'supportGate', CASE WHEN support_gate IS NOT NULL THEN json_build_object('type', support_gate) END,
        'labels', labels,
        'createdAt', created,
        'indexedAt', to_char(indexed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ));
    RETURN substr(said, 2, length(said) - 2);
END
$$;

-- The trackAlbum of an album.
CREATE FUNCTION album_said(title text, slug text, uri text, image text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN json_strip_nulls(json_build_object('title', title, 'slug', slug, 'uri', uri, 'image', image));
END
$$;

ALTER TABLE plyr_track
SET (toast_tuple_target = 8160),
ADD COLUMN said text NOT NULL GENERATED ALWAYS AS (track_said(
    uri, cid, title, artist, file_type, duration, image, description, tags, support_gate, self_labels, created_at, indexed_at
)) STORED;

ALTER TABLE album ADD COLUMN said text NOT NULL GENERATED ALWAYS AS (album_said(title, slug, uri, image)) STORED;

-- With all that the view of its author is made of, and `home`: of the albums in which it stands the first of its author's
-- lists, else the one that it names.
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
       (
           SELECT b.said
           FROM album_track m
           JOIN album b ON b.account_id = m.account_id AND b.by_list = m.by_list AND b.album = m.album
           WHERE m.account_id = t.account_id AND m.rkey = t.rkey AND NOT coalesce((
               SELECT true
               FROM visibility v
               WHERE v.account_id = m.account_id AND m.by_list AND v.subject = 'fm.plyr.list/' || m.album AND v.hides_view
               LIMIT 1
           ), false)
           ORDER BY m.by_list DESC, m.album
           LIMIT 1
       ) AS home
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
