-- A track's uri and cid are in its row, and have nothing that JSON would write otherwise: they need not be said twice.
CREATE OR REPLACE FUNCTION track_said(
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

-- What is stored is made anew.
UPDATE plyr_track SET uri = uri;
