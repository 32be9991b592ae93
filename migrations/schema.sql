CREATE TYPE public.played_kind AS ENUM (
    'artist',
    'release',
    'recording'
);
CREATE FUNCTION public.album_said(title text, slug text, uri text, image text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
    RETURN json_strip_nulls(json_build_object('title', title, 'slug', slug, 'uri', uri, 'image', image));
END
$$;
CREATE FUNCTION public.count_synced() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    more bigint := 0;
    free bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        more := (SELECT count(*) FROM came WHERE state = 'synced');
    END IF;
    IF TG_OP <> 'INSERT' THEN
        more := more - (SELECT count(*) FROM went WHERE state = 'synced');
    END IF;
    IF more <> 0 THEN
        SELECT slot INTO free FROM repo_total LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE repo_total SET synced = synced + more WHERE slot = free;
        ELSE
            INSERT INTO repo_total (synced) VALUES (more);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION public.note_changed_handle() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) VALUES (NEW.account_id, '', '');
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION public.note_changed_records() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) SELECT account_id, collection, rkey FROM changed;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION public.note_changed_visibility() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) SELECT DISTINCT account_id, '', '' FROM changed;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION public.note_shown() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('plyr_shown', TG_TABLE_NAME);
    RETURN NULL;
END
$$;
CREATE FUNCTION public.track_moment(day date, subject text) RETURNS timestamp without time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (day + (((hashtext(subject) & 1023))::double precision * '00:01:00'::interval));
CREATE FUNCTION public.track_said(uri text, cid text, title text, artist text, file_type text, duration bigint, image text, description text, tags text[], support_gate text, self_labels text[], created_at timestamp with time zone, indexed_at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
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
CREATE TABLE public.account (
    id bigint NOT NULL,
    did text NOT NULL COLLATE pg_catalog."C",
    active boolean DEFAULT true NOT NULL,
    status text,
    deleted boolean DEFAULT false NOT NULL,
    status_at timestamp with time zone,
    first_seen timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.actor_count (
    account_id bigint NOT NULL,
    track_count integer DEFAULT 0 NOT NULL,
    likes_received bigint DEFAULT 0 NOT NULL,
    scrobble_count bigint DEFAULT 0 NOT NULL,
    total_duration numeric DEFAULT 0 NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    playlist_count integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.actor_day (
    account_id bigint NOT NULL,
    day date NOT NULL,
    tracks integer NOT NULL,
    likes integer NOT NULL,
    comments integer NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.actor_name (
    account_id bigint NOT NULL,
    display_name text,
    avatar text,
    avatar_cid text COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.album (
    account_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    track_count integer NOT NULL,
    guest_count integer NOT NULL,
    by_list boolean NOT NULL,
    total_duration numeric NOT NULL,
    album text NOT NULL COLLATE pg_catalog."C",
    title text NOT NULL,
    slug text NOT NULL COLLATE pg_catalog."C",
    stem text NOT NULL COLLATE pg_catalog."C",
    by_title text NOT NULL COLLATE pg_catalog."C",
    uri text COLLATE pg_catalog."C",
    image text,
    said text GENERATED ALWAYS AS (public.album_said(title, slug, uri, image)) STORED NOT NULL
);
CREATE TABLE public.album_track (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    by_list boolean NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    album text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.bsky_profile (
    account_id bigint NOT NULL,
    created_at timestamp with time zone,
    indexed_at timestamp with time zone NOT NULL,
    display_name text,
    description text,
    avatar_cid text COLLATE pg_catalog."C",
    banner_cid text COLLATE pg_catalog."C"
);
CREATE TABLE public.buffered_event (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    source text NOT NULL,
    seq bigint NOT NULL,
    frame bytea NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.buffered_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.buffered_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.chart_window (
    days smallint NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE public.dead_letter (
    id bigint NOT NULL,
    did text,
    path text,
    source text NOT NULL,
    seq bigint,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.dead_letter ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discovery_cursor (
    source text NOT NULL,
    listing text NOT NULL,
    cursor text,
    finished_at timestamp with time zone
);
CREATE TABLE public.heard_actor (
    account_id bigint NOT NULL,
    play_count bigint NOT NULL,
    listener_count bigint NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.heard_day (
    day date NOT NULL,
    plays integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.heard_tag (
    play_count bigint NOT NULL,
    tag text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.heard_total (
    slot smallint NOT NULL,
    play_count bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.heard_total_day (
    plays bigint NOT NULL,
    listeners bigint NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.identity (
    account_id bigint NOT NULL,
    handle text COLLATE pg_catalog."C",
    handle_valid boolean DEFAULT false NOT NULL,
    pds text,
    signing_key text,
    resolved_at timestamp with time zone,
    stale boolean DEFAULT true NOT NULL,
    handle_due boolean DEFAULT false NOT NULL,
    check_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.instance (
    id boolean DEFAULT true NOT NULL,
    namespace text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT instance_id_check CHECK (id)
);
CREATE TABLE public.link_count (
    link uuid NOT NULL,
    records bigint NOT NULL,
    accounts bigint NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.listener (
    account_id bigint NOT NULL,
    plays integer NOT NULL,
    plays_1 integer NOT NULL,
    plays_7 integer NOT NULL,
    plays_30 integer NOT NULL,
    plays_90 integer NOT NULL,
    plays_180 integer NOT NULL,
    plays_365 integer NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.listener_day (
    account_id bigint NOT NULL,
    day date NOT NULL,
    plays integer NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.listening (
    account_id bigint NOT NULL,
    item integer NOT NULL,
    kind public.played_kind NOT NULL,
    plays integer NOT NULL,
    last_minute integer NOT NULL
)
WITH (fillfactor='100');
CREATE TABLE public.migration (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.played (
    id bigint NOT NULL,
    kind public.played_kind NOT NULL,
    other_plays integer NOT NULL,
    weight smallint NOT NULL,
    key uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    credit text NOT NULL COLLATE pg_catalog."C",
    squeezed text COLLATE pg_catalog."C",
    words tsvector,
    name_hash bigint
)
WITH (fillfactor='90');
CREATE TABLE public.played_by (
    artist integer NOT NULL,
    item integer NOT NULL,
    kind public.played_kind NOT NULL,
    names integer NOT NULL
);
ALTER TABLE public.played ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.played_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 2147483647
    CACHE 1
);
CREATE TABLE public.played_name (
    item integer NOT NULL,
    plays integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    credit text NOT NULL COLLATE pg_catalog."C",
    key uuid NOT NULL
)
WITH (fillfactor='90');
CREATE TABLE public.played_on (
    release integer NOT NULL,
    recording integer NOT NULL,
    plays integer NOT NULL
)
WITH (fillfactor='90');
CREATE TABLE public.played_recent (
    item integer NOT NULL,
    kind public.played_kind NOT NULL,
    plays_365 integer NOT NULL,
    plays_180 integer NOT NULL,
    plays_90 integer NOT NULL,
    plays_61 integer NOT NULL,
    plays_30 integer NOT NULL,
    plays_15 integer NOT NULL,
    plays_7 integer NOT NULL,
    plays_3 integer NOT NULL,
    plays_1 integer NOT NULL,
    listeners_365 integer NOT NULL,
    listeners_180 integer NOT NULL,
    listeners_90 integer NOT NULL,
    listeners_30 integer NOT NULL,
    listeners_7 integer NOT NULL,
    listeners_1 integer NOT NULL
)
WITH (fillfactor='90');
CREATE TABLE public.played_total (
    item integer NOT NULL,
    kind public.played_kind NOT NULL,
    plays integer NOT NULL,
    listeners integer NOT NULL
)
WITH (fillfactor='90');
CREATE TABLE public.played_word (
    documents integer NOT NULL,
    weight smallint GENERATED ALWAYS AS (length(ltrim(((documents)::bit(32))::text, '0'::text))) STORED NOT NULL,
    word text NOT NULL COLLATE pg_catalog."C",
    marks integer[] NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.plyr_comment (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone,
    indexed_at timestamp with time zone NOT NULL,
    timestamp_ms bigint NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    uri text NOT NULL COLLATE pg_catalog."C",
    cid text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    subject_cid text NOT NULL COLLATE pg_catalog."C",
    text text NOT NULL
);
CREATE TABLE public.plyr_like (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    canonical boolean NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    uri text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.plyr_list (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone,
    indexed_at timestamp with time zone NOT NULL,
    item_count integer NOT NULL,
    guest_count integer NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    uri text NOT NULL COLLATE pg_catalog."C",
    cid text NOT NULL COLLATE pg_catalog."C",
    list_type text NOT NULL COLLATE pg_catalog."C",
    name text
);
CREATE TABLE public.plyr_list_item (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    place integer NOT NULL,
    repeated boolean NOT NULL,
    own boolean NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.plyr_profile (
    account_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    avatar text,
    bio text
);
CREATE TABLE public.plyr_track (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    duration bigint,
    audio_size bigint,
    rkey text NOT NULL COLLATE pg_catalog."C",
    uri text NOT NULL COLLATE pg_catalog."C",
    cid text NOT NULL COLLATE pg_catalog."C",
    title text NOT NULL,
    artist text NOT NULL,
    file_type text NOT NULL,
    audio_cid text COLLATE pg_catalog."C",
    audio_mime text,
    audio_url text,
    album text,
    image text,
    description text,
    support_gate text,
    tags text[] NOT NULL COLLATE pg_catalog."C",
    features text[] NOT NULL COLLATE pg_catalog."C",
    self_labels text[] NOT NULL COLLATE pg_catalog."C",
    record json NOT NULL,
    said text GENERATED ALWAYS AS (public.track_said(uri, cid, title, artist, file_type, duration, image, description, tags, support_gate, self_labels, created_at, indexed_at)) STORED NOT NULL,
    CONSTRAINT plyr_track_check CHECK (((audio_cid IS NOT NULL) OR (audio_url IS NOT NULL)))
)
WITH (toast_tuple_target='8160');
CREATE TABLE public.ranked_track (
    account_id bigint NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    name uuid,
    play_count integer DEFAULT 0 NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    uri text NOT NULL COLLATE pg_catalog."C",
    tags text[] NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.record (
    account_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C",
    cid bytea NOT NULL,
    rev text NOT NULL COLLATE pg_catalog."C",
    indexed_at timestamp with time zone NOT NULL,
    invalid text,
    unsigned boolean DEFAULT false NOT NULL,
    value bytea NOT NULL
);
CREATE TABLE public.record_link (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    link uuid NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C"
);
CREATE UNLOGGED TABLE public.reindex_change (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE public.reindex_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reindex_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE public.reindex_verdict (
    account_id bigint NOT NULL,
    collection text NOT NULL COLLATE pg_catalog."C",
    rkey text NOT NULL COLLATE pg_catalog."C",
    invalid text
);
CREATE TABLE public.repo (
    account_id bigint NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    rev text COLLATE pg_catalog."C",
    data bytea,
    commit bytea,
    priority smallint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    lease bigint DEFAULT 0 NOT NULL,
    refetch boolean DEFAULT false NOT NULL,
    last_error text,
    synced_at timestamp with time zone,
    compared_at timestamp with time zone,
    window_start timestamp with time zone DEFAULT now() NOT NULL,
    resyncs integer DEFAULT 0 NOT NULL,
    unsigned_rev text COLLATE pg_catalog."C",
    unsigned_since timestamp with time zone,
    portions integer DEFAULT 0 NOT NULL,
    CONSTRAINT repo_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'syncing'::text, 'synced'::text, 'desynchronized'::text, 'error'::text, 'inactive'::text])))
);
CREATE TABLE public.repo_total (
    slot bigint NOT NULL,
    synced bigint NOT NULL
);
ALTER TABLE public.repo_total ALTER COLUMN slot ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.repo_total_slot_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_document (
    account_id bigint NOT NULL,
    popularity smallint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    alias text COLLATE pg_catalog."C",
    artist text COLLATE pg_catalog."C",
    tags text[] NOT NULL COLLATE pg_catalog."C",
    words tsvector NOT NULL
);
CREATE TABLE public.search_word (
    documents integer NOT NULL,
    word text NOT NULL COLLATE pg_catalog."C",
    marks integer[] NOT NULL,
    weight smallint GENERATED ALWAYS AS (length(ltrim(((documents)::bit(32))::text, '0'::text))) STORED NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.source_cursor (
    source text NOT NULL,
    shard text DEFAULT ''::text NOT NULL,
    kind text DEFAULT 'relay'::text NOT NULL,
    seq bigint NOT NULL,
    event_time timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    subscribed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT source_cursor_kind_check CHECK ((kind = ANY (ARRAY['relay'::text, 'pds'::text, 'jetstream'::text])))
);
CREATE TABLE public.stream_gap (
    id bigint NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL,
    healed_at timestamp with time zone
);
ALTER TABLE public.stream_gap ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stream_gap_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.subject_count (
    owner bigint NOT NULL,
    like_count integer NOT NULL,
    comment_count integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.subject_day (
    day date NOT NULL,
    likes integer NOT NULL,
    comments integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.tag_count (
    track_count integer NOT NULL,
    tag text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.tag_track (
    account_id bigint NOT NULL,
    sort_at timestamp with time zone NOT NULL,
    likes integer NOT NULL,
    plays integer NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    tag text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='90');
CREATE TABLE public.teal_play (
    account_id bigint NOT NULL,
    played_at timestamp with time zone NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    duration bigint,
    recording uuid NOT NULL,
    release uuid,
    recording_mbid uuid,
    release_mbid uuid,
    track_mbid uuid,
    alpha boolean NOT NULL,
    canonical boolean NOT NULL,
    shadowed boolean NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    cid text NOT NULL COLLATE pg_catalog."C",
    track_name text NOT NULL,
    artist_names text[] NOT NULL,
    artist_mbids uuid[],
    artists uuid[] NOT NULL,
    release_name text,
    isrc text,
    origin text,
    service text,
    agent text,
    track_uri text COLLATE pg_catalog."C",
    track_named uuid
);
CREATE TABLE public.teal_profile (
    account_id bigint NOT NULL,
    created_at timestamp with time zone,
    indexed_at timestamp with time zone NOT NULL,
    alpha boolean NOT NULL,
    display_name text,
    description text,
    avatar_cid text COLLATE pg_catalog."C",
    banner_cid text COLLATE pg_catalog."C",
    facets json,
    featured_mbid uuid,
    featured_type text
);
CREATE TABLE public.teal_status (
    account_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    indexed_at timestamp with time zone NOT NULL,
    duration bigint,
    recording_mbid uuid,
    release_mbid uuid,
    track_mbid uuid,
    alpha boolean NOT NULL,
    track_name text,
    artist_names text[] NOT NULL,
    artist_mbids uuid[],
    release_name text,
    isrc text,
    origin text,
    service text,
    agent text,
    track_uri text COLLATE pg_catalog."C",
    track_named uuid
);
CREATE TABLE public.total_day (
    tracks bigint NOT NULL,
    likes bigint NOT NULL,
    comments bigint NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.totals (
    slot smallint NOT NULL,
    track_count bigint DEFAULT 0 NOT NULL,
    artist_count bigint DEFAULT 0 NOT NULL,
    like_count bigint DEFAULT 0 NOT NULL,
    comment_count bigint DEFAULT 0 NOT NULL,
    scrobble_count bigint DEFAULT 0 NOT NULL,
    total_duration numeric DEFAULT 0 NOT NULL,
    list_count bigint DEFAULT 0 NOT NULL,
    listener_count bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.track_listener (
    owner bigint NOT NULL,
    account_id bigint NOT NULL,
    plays bigint NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.track_play (
    account_id bigint NOT NULL,
    owner bigint NOT NULL,
    day date NOT NULL,
    alpha boolean NOT NULL,
    rkey text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.track_recent (
    likes_365 integer NOT NULL,
    likes_30 integer NOT NULL,
    likes_7 integer NOT NULL,
    likes_1 integer NOT NULL,
    plays_365 integer NOT NULL,
    plays_30 integer NOT NULL,
    plays_7 integer NOT NULL,
    plays_1 integer NOT NULL,
    both_61 integer NOT NULL,
    both_15 integer NOT NULL,
    both_3 integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    track boolean NOT NULL
)
WITH (fillfactor='90');
CREATE TABLE public.visibility (
    account_id bigint NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    cause text NOT NULL,
    hides_list boolean NOT NULL,
    hides_view boolean NOT NULL
);
CREATE VIEW public.visible_account AS
 SELECT a.id,
    a.did,
    a.first_seen,
        CASE
            WHEN i.handle_valid THEN i.handle
            ELSE 'handle.invalid'::text
        END AS handle,
    i.pds,
    (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = a.id) AND (v.subject = ''::text) AND v.hides_list)
         LIMIT 1), false)) AS listed,
    n.display_name,
    n.avatar,
    n.avatar_cid
   FROM ((public.account a
     LEFT JOIN public.identity i ON ((i.account_id = a.id)))
     LEFT JOIN public.actor_name n ON ((n.account_id = a.id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = a.id) AND (v.subject = ''::text) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_absence AS
 SELECT did
   FROM public.account a
  WHERE (NOT (EXISTS ( SELECT
           FROM public.visible_account v
          WHERE (v.id = a.id))));
CREATE VIEW public.visible_actor_day AS
 SELECT account_id,
    day,
    tracks,
    likes,
    comments
   FROM public.actor_day;
CREATE VIEW public.visible_track AS
 SELECT t.account_id,
    t.sort_at,
    t.created_at,
    t.indexed_at,
    t.duration,
    t.audio_size,
    t.rkey,
    t.uri,
    t.cid,
    t.title,
    t.artist,
    t.file_type,
    t.audio_cid,
    t.audio_mime,
    t.audio_url,
    t.album,
    t.image,
    t.description,
    t.support_gate,
    t.tags,
    t.features,
    t.self_labels,
    t.record,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = t.account_id) AND (v.subject = ('fm.plyr.track/'::text || t.rkey)) AND v.hides_list)
         LIMIT 1), false))) AS listed,
    COALESCE(c.like_count, 0) AS like_count,
    COALESCE(c.comment_count, 0) AS comment_count,
    COALESCE(r.play_count, 0) AS play_count,
    a.display_name,
    a.avatar,
    a.avatar_cid,
    t.said,
    COALESCE(( SELECT b.said
           FROM (public.album_track m
             JOIN public.album b ON (((b.account_id = m.account_id) AND b.by_list AND (b.album = m.album))))
          WHERE ((m.account_id = t.account_id) AND (m.rkey = t.rkey) AND m.by_list AND (NOT COALESCE(( SELECT true
                   FROM public.visibility v
                  WHERE ((v.account_id = m.account_id) AND (v.subject = ('fm.plyr.list/'::text || m.album)) AND v.hides_view)
                 LIMIT 1), false)))
          ORDER BY m.album
         LIMIT 1), ( SELECT b.said
           FROM (public.album_track m
             JOIN public.album b ON (((b.account_id = m.account_id) AND (NOT b.by_list) AND (b.album = m.album))))
          WHERE ((m.account_id = t.account_id) AND (m.rkey = t.rkey) AND (NOT m.by_list))
          ORDER BY m.album
         LIMIT 1)) AS home
   FROM (((public.plyr_track t
     JOIN public.visible_account a ON ((a.id = t.account_id)))
     LEFT JOIN public.subject_count c ON ((c.subject = t.uri)))
     LEFT JOIN public.ranked_track r ON (((r.account_id = t.account_id) AND (r.rkey = t.rkey))))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = t.account_id) AND (v.subject = ('fm.plyr.track/'::text || t.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_album AS
 SELECT b.account_id,
    b.by_list,
    b.album,
    b.title,
    b.slug,
    b.by_title,
    b.uri,
    b.since,
        CASE
            WHEN (b.guest_count > 0) THEN g.image
            ELSE b.image
        END AS image,
        CASE
            WHEN (b.guest_count > 0) THEN g.track_count
            ELSE b.track_count
        END AS track_count,
        CASE
            WHEN (b.guest_count > 0) THEN g.total_duration
            ELSE b.total_duration
        END AS total_duration,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = b.account_id) AND b.by_list AND (v.subject = ('fm.plyr.list/'::text || b.album)) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM ((public.album b
     JOIN public.visible_account a ON ((a.id = b.account_id)))
     LEFT JOIN LATERAL ( SELECT (count(*))::integer AS track_count,
            COALESCE(sum(t.duration), (0)::numeric) AS total_duration,
            (array_agg(t.image ORDER BY i.place) FILTER (WHERE (t.image IS NOT NULL)))[1] AS image
           FROM (public.plyr_list_item i
             JOIN public.visible_track t ON ((t.uri = i.subject)))
          WHERE ((b.guest_count > 0) AND (i.account_id = b.account_id) AND (i.rkey = b.album) AND (NOT i.repeated))) g ON (true))
  WHERE (((b.track_count > 0) OR (b.guest_count > 0)) AND (
        CASE
            WHEN (b.guest_count > 0) THEN g.track_count
            ELSE b.track_count
        END > 0) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = b.account_id) AND b.by_list AND (v.subject = ('fm.plyr.list/'::text || b.album)) AND v.hides_view)
         LIMIT 1), false)));
CREATE VIEW public.visible_album_track AS
 SELECT m.account_id,
    m.rkey,
    m.by_list,
    m.album,
    m.sort_at,
    b.title,
    b.slug,
    b.uri,
    b.image,
    b.since
   FROM ((public.album_track m
     JOIN public.album b ON (((b.account_id = m.account_id) AND (b.by_list = m.by_list) AND (b.album = m.album))))
     JOIN public.visible_account a ON ((a.id = m.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = m.account_id) AND m.by_list AND (v.subject = ('fm.plyr.list/'::text || m.album)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_chart_window AS
 SELECT days,
    since
   FROM public.chart_window;
CREATE VIEW public.visible_comment AS
 SELECT c.account_id,
    c.sort_at,
    c.created_at,
    c.updated_at,
    c.indexed_at,
    c.timestamp_ms,
    c.rkey,
    c.uri,
    c.cid,
    c.subject,
    c.subject_cid,
    c.text,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = c.account_id) AND (v.subject = ('fm.plyr.comment/'::text || c.rkey)) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM (public.plyr_comment c
     JOIN public.visible_account a ON ((a.id = c.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = c.account_id) AND (v.subject = ('fm.plyr.comment/'::text || c.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_document AS
 SELECT account_id,
    popularity,
    kind,
    key,
    name,
    alias,
    artist,
    tags,
    words
   FROM public.search_document d
  WHERE ((NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = d.account_id) AND (v.subject = ''::text) AND v.hides_list)
         LIMIT 1), false)) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = d.account_id) AND v.hides_list AND (v.subject = (
                CASE
                    WHEN (d.kind = 'track'::text) THEN 'fm.plyr.track/'::text
                    ELSE 'fm.plyr.'::text
                END || d.key)))
         LIMIT 1), false)));
CREATE VIEW public.visible_handle AS
 SELECT i.handle,
    a.id AS account_id,
    a.listed
   FROM (public.identity i
     JOIN public.visible_account a ON ((a.id = i.account_id)))
  WHERE i.handle_valid;
CREATE VIEW public.visible_heard AS
 SELECT account_id,
    played_at,
    artists
   FROM public.teal_play
  WHERE canonical;
CREATE VIEW public.visible_heard_actor AS
 SELECT h.account_id,
    h.play_count,
    h.listener_count
   FROM (public.heard_actor h
     JOIN public.visible_account a ON ((a.id = h.account_id)));
CREATE VIEW public.visible_heard_tag AS
 SELECT tag,
    play_count
   FROM public.heard_tag;
CREATE VIEW public.visible_heard_total AS
 SELECT (( SELECT sum(heard_total.play_count) AS sum
           FROM public.heard_total))::bigint AS play_count,
    (( SELECT sum(totals.listener_count) AS sum
           FROM public.totals))::bigint AS listener_count;
CREATE VIEW public.visible_heard_total_day AS
 SELECT day,
    (sum(plays))::bigint AS plays,
    (sum(listeners))::bigint AS listeners
   FROM public.heard_total_day
  GROUP BY day;
CREATE VIEW public.visible_issuer AS
 SELECT a.did,
    a.id AS account_id,
    (a.active AND (NOT a.deleted)) AS active,
        CASE
            WHEN (a.active AND (NOT a.deleted) AND (NOT i.stale)) THEN i.signing_key
            ELSE NULL::text
        END AS signing_key,
        CASE
            WHEN (a.active AND (NOT a.deleted)) THEN GREATEST(r.rev, r.unsigned_rev)
            ELSE NULL::text
        END AS rev
   FROM ((public.account a
     LEFT JOIN public.identity i ON ((i.account_id = a.id)))
     LEFT JOIN public.repo r ON ((r.account_id = a.id)));
CREATE VIEW public.visible_join AS
 SELECT p.account_id,
    ('self'::text COLLATE "C") AS rkey,
    LEAST(p.created_at, p.indexed_at) AS sort_at,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject = 'fm.plyr.actor.profile/self'::text) AND v.hides_list)
         LIMIT 1), false))) AS listed,
    (((('at://'::text || a.did) || '/'::text) || COALESCE(( SELECT instance.namespace
           FROM public.instance), 'fm.plyr'::text)) || '.actor.profile/self'::text) AS uri
   FROM (public.plyr_profile p
     JOIN public.visible_account a ON ((a.id = p.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject = 'fm.plyr.actor.profile/self'::text) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_like AS
 SELECT l.account_id,
    l.rkey,
    l.uri,
    l.subject,
    l.sort_at,
    l.created_at,
    l.indexed_at,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = l.account_id) AND (v.subject = ('fm.plyr.like/'::text || l.rkey)) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM (public.plyr_like l
     JOIN public.visible_account a ON ((a.id = l.account_id)))
  WHERE (l.canonical AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = l.account_id) AND (v.subject = ('fm.plyr.like/'::text || l.rkey)) AND v.hides_view)
         LIMIT 1), false)));
CREATE VIEW public.visible_liked_track AS
 SELECT subject AS uri,
    like_count AS likes
   FROM public.subject_count
  WHERE ((owner <> 0) AND (like_count > 0));
CREATE VIEW public.visible_link AS
 SELECT l.link,
    l.sort_at,
    l.account_id,
    l.rkey,
    a.did
   FROM (public.record_link l
     JOIN public.visible_account a ON ((a.id = l.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = l.account_id) AND (v.subject = ((l.collection || '/'::text) || l.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_link_count AS
 SELECT link,
    records,
    accounts
   FROM public.link_count;
CREATE VIEW public.visible_list AS
 SELECT l.account_id,
    l.sort_at,
    l.created_at,
    l.updated_at,
    l.indexed_at,
    l.item_count,
    l.guest_count,
    l.rkey,
    l.uri,
    l.cid,
    l.list_type,
    l.name,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = l.account_id) AND (v.subject = ('fm.plyr.list/'::text || l.rkey)) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM (public.plyr_list l
     JOIN public.visible_account a ON ((a.id = l.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = l.account_id) AND (v.subject = ('fm.plyr.list/'::text || l.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_list_item AS
 SELECT i.account_id,
    i.sort_at,
    i.place,
    i.repeated,
    i.own,
    i.rkey,
    i.subject
   FROM (public.plyr_list_item i
     JOIN public.visible_account a ON ((a.id = i.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = i.account_id) AND (v.subject = ('fm.plyr.list/'::text || i.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_ranked_track AS
 SELECT r.account_id,
    r.rkey,
    r.uri,
    r.sort_at,
    r.tags,
    COALESCE(c.like_count, 0) AS like_count,
    r.play_count
   FROM (public.ranked_track r
     LEFT JOIN public.subject_count c ON ((c.subject = r.uri)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = r.account_id) AND (v.subject = ('fm.plyr.track/'::text || r.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_listed_track AS
 SELECT i.account_id,
    i.rkey,
    i.place,
    t.duration,
    t.image
   FROM ((public.plyr_list_item i
     JOIN public.visible_ranked_track r ON ((r.uri = i.subject)))
     JOIN public.plyr_track t ON (((t.account_id = r.account_id) AND (t.rkey = r.rkey))));
CREATE VIEW public.visible_listener AS
 SELECT l.account_id,
    l.plays,
    l.plays_1,
    l.plays_7,
    l.plays_30,
    l.plays_90,
    l.plays_180,
    l.plays_365,
    a.did,
    a.handle,
    a.listed
   FROM (public.listener l
     JOIN public.visible_account a ON ((a.id = l.account_id)));
CREATE VIEW public.visible_listening AS
 SELECT l.account_id,
    l.kind,
    l.item,
    l.plays,
    l.last_minute,
    a.did,
    a.handle,
    a.listed
   FROM (public.listening l
     JOIN public.visible_account a ON ((a.id = l.account_id)));
CREATE VIEW public.visible_listening_day AS
 SELECT owner,
    day,
    account_id
   FROM public.track_play;
CREATE VIEW public.visible_namespace AS
 SELECT (COALESCE(( SELECT instance.namespace
           FROM public.instance), 'fm.plyr'::text) COLLATE "C") AS namespace;
CREATE VIEW public.visible_play AS
 SELECT p.account_id,
    p.played_at,
    p.indexed_at,
    p.duration,
    p.recording,
    p.release,
    p.recording_mbid,
    p.release_mbid,
    p.track_mbid,
    p.alpha,
    p.canonical,
    p.shadowed,
    p.rkey,
    p.cid,
    p.track_name,
    p.artist_names,
    p.artist_mbids,
    p.artists,
    p.release_name,
    p.isrc,
    p.origin,
    p.service,
    p.agent,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject = (
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.feed.play/'::text
                    ELSE 'fm.teal.feed.play/'::text
                END || p.rkey)) AND v.hides_list)
         LIMIT 1), false))) AS listed,
    ((('at://'::text || a.did) ||
        CASE
            WHEN p.alpha THEN '/fm.teal.alpha.feed.play/'::text
            ELSE '/fm.teal.feed.play/'::text
        END) || p.rkey) AS uri,
        CASE
            WHEN ((p.track_uri IS NOT NULL) OR (p.track_named IS NOT NULL)) THEN ( SELECT m.subject
               FROM public.track_play m
              WHERE ((m.account_id = p.account_id) AND (m.rkey = p.rkey) AND (m.alpha = p.alpha)))
            ELSE NULL::text
        END AS track,
    p.track_uri,
    p.track_named
   FROM (public.teal_play p
     JOIN public.visible_account a ON ((a.id = p.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject = (
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.feed.play/'::text
                    ELSE 'fm.teal.feed.play/'::text
                END || p.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_played AS
 SELECT p.id,
    p.kind,
    p.key,
        CASE
            WHEN ((p.key)::text !~ '^.{14}8.{4}[89ab]'::text) THEN p.key
            ELSE NULL::uuid
        END AS mbid,
    NULLIF(p.name, ''::text) AS name,
    (NULLIF(p.credit, ''::text))::json AS credit,
    t.plays,
    r.plays_1,
    r.plays_7,
    r.plays_30,
    r.plays_90,
    r.plays_180,
    r.plays_365,
    t.listeners,
    r.listeners_1,
    r.listeners_7,
    r.listeners_30,
    r.listeners_90,
    r.listeners_180,
    r.listeners_365,
    (r.plays_3 - r.plays_1) AS plays_before_1,
    (r.plays_15 - r.plays_7) AS plays_before_7,
    (r.plays_61 - r.plays_30) AS plays_before_30,
    ((r.plays_1 * (1000)::bigint) / GREATEST((r.plays_3 - r.plays_1), 10)) AS growth_1,
    ((r.plays_7 * (1000)::bigint) / GREATEST((r.plays_15 - r.plays_7), 10)) AS growth_7,
    ((r.plays_30 * (1000)::bigint) / GREATEST((r.plays_61 - r.plays_30), 10)) AS growth_30
   FROM ((public.played p
     JOIN public.played_total t ON (((t.item = p.id) AND (t.kind = p.kind))))
     LEFT JOIN public.played_recent r ON (((r.item = p.id) AND (r.kind = p.kind))));
CREATE VIEW public.visible_played_by AS
 SELECT artist,
    kind,
    item
   FROM public.played_by;
CREATE VIEW public.visible_played_document AS
 SELECT id,
    kind,
    weight,
    squeezed AS name,
    words
   FROM public.played;
CREATE VIEW public.visible_played_name AS
 SELECT p.id,
    p.kind,
    t.plays,
    p.weight,
    p.name_hash
   FROM (public.played p
     JOIN public.played_total t ON (((t.item = p.id) AND (t.kind = p.kind))));
CREATE VIEW public.visible_played_on AS
 SELECT release,
    recording,
    plays
   FROM public.played_on;
CREATE VIEW public.visible_played_track AS
 SELECT uri,
    play_count AS plays
   FROM public.ranked_track
  WHERE (play_count > 0);
CREATE VIEW public.visible_played_word AS
 SELECT documents,
    word,
    marks,
    weight
   FROM public.played_word;
CREATE VIEW public.visible_profile AS
 SELECT a.id AS account_id,
    a.did,
    a.handle,
    a.pds,
    a.listed,
    a.first_seen,
    a.display_name,
    a.avatar,
    a.avatar_cid,
    COALESCE(b.banner_cid, t.banner_cid) AS banner_cid,
    COALESCE(p.bio, t.description, b.description) AS description,
    COALESCE(p.created_at, b.created_at, t.created_at) AS created_at,
    COALESCE(p.indexed_at, b.indexed_at, t.indexed_at) AS indexed_at,
    COALESCE(c.track_count, 0) AS track_count,
    COALESCE(c.likes_received, (0)::bigint) AS likes_received,
    COALESCE(c.scrobble_count, (0)::bigint) AS scrobble_count,
    COALESCE(c.total_duration, (0)::numeric) AS total_duration,
    COALESCE(c.playlist_count, 0) AS playlist_count,
    (( SELECT count(*) AS count
           FROM ( SELECT
                   FROM public.album o
                  WHERE ((o.account_id = a.id) AND (o.track_count > 0) AND (NOT COALESCE(( SELECT true
                           FROM public.visibility v
                          WHERE ((v.account_id = o.account_id) AND o.by_list AND (v.subject = ('fm.plyr.list/'::text || o.album)) AND v.hides_view)
                         LIMIT 1), false)))
                 LIMIT 10000) m) + ( SELECT count(*) AS count
           FROM ( SELECT o.account_id,
                    o.album
                   FROM public.album o
                  WHERE ((o.account_id = a.id) AND (o.track_count = 0) AND (o.guest_count > 0) AND (NOT COALESCE(( SELECT true
                           FROM public.visibility v
                          WHERE ((v.account_id = o.account_id) AND o.by_list AND (v.subject = ('fm.plyr.list/'::text || o.album)) AND v.hides_view)
                         LIMIT 1), false)))
                  ORDER BY o.account_id, o.by_list, o.album
                 LIMIT 100) m
          WHERE (EXISTS ( SELECT
                   FROM (public.plyr_list_item i
                     JOIN public.visible_track g ON ((g.uri = i.subject)))
                  WHERE ((i.account_id = m.account_id) AND (i.rkey = m.album) AND (NOT i.repeated)))))) AS album_count
   FROM ((((public.visible_account a
     LEFT JOIN public.plyr_profile p ON (((p.account_id = a.id) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject = 'fm.plyr.actor.profile/self'::text) AND v.hides_view)
         LIMIT 1), false)))))
     LEFT JOIN public.bsky_profile b ON (((b.account_id = a.id) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = b.account_id) AND (v.subject = 'app.bsky.actor.profile/self'::text) AND v.hides_view)
         LIMIT 1), false)))))
     LEFT JOIN LATERAL ( SELECT s.account_id,
            s.created_at,
            s.indexed_at,
            s.alpha,
            s.display_name,
            s.description,
            s.avatar_cid,
            s.banner_cid,
            s.facets,
            s.featured_mbid,
            s.featured_type
           FROM public.teal_profile s
          WHERE (s.account_id = a.id)
          ORDER BY s.alpha
         LIMIT 1) t ON ((NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = t.account_id) AND (v.subject =
                CASE
                    WHEN t.alpha THEN 'fm.teal.alpha.actor.profile/self'::text
                    ELSE 'fm.teal.actor.profile/self'::text
                END) AND v.hides_view)
         LIMIT 1), false))))
     LEFT JOIN public.actor_count c ON ((c.account_id = a.id)));
CREATE VIEW public.visible_ranked_document AS
 SELECT kind,
    account_id,
    key,
    popularity,
    name,
    artist,
    tags,
    words
   FROM public.search_document;
CREATE VIEW public.visible_recent_track AS
 SELECT subject AS uri,
    likes_365,
    likes_30,
    likes_7,
    likes_1,
    plays_365,
    plays_30,
    plays_7,
    plays_1,
    (likes_1 + plays_1) AS both_1,
    ((both_3 - likes_1) - plays_1) AS before_1,
    (((likes_1 + plays_1))::double precision / (GREATEST(((both_3 - likes_1) - plays_1), 3))::double precision) AS growth_1,
    (likes_7 + plays_7) AS both_7,
    ((both_15 - likes_7) - plays_7) AS before_7,
    (((likes_7 + plays_7))::double precision / (GREATEST(((both_15 - likes_7) - plays_7), 3))::double precision) AS growth_7,
    (likes_30 + plays_30) AS both_30,
    ((both_61 - likes_30) - plays_30) AS before_30,
    (((likes_30 + plays_30))::double precision / (GREATEST(((both_61 - likes_30) - plays_30), 3))::double precision) AS growth_30
   FROM public.track_recent
  WHERE track;
CREATE VIEW public.visible_record AS
 SELECT r.account_id,
    r.collection,
    r.rkey,
    r.cid,
    r.value,
    a.did
   FROM (public.record r
     JOIN public.visible_account a ON ((a.id = r.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = r.account_id) AND (v.subject = ((r.collection || '/'::text) || r.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_schema AS
 SELECT max(number) AS version
   FROM public.migration;
CREATE VIEW public.visible_source AS
 SELECT source,
    kind,
    event_time,
    updated_at
   FROM public.source_cursor;
CREATE VIEW public.visible_status AS
 SELECT s.account_id,
    s.started_at,
    s.expires_at,
    s.indexed_at,
    s.duration,
    s.recording_mbid,
    s.release_mbid,
    s.track_mbid,
    s.alpha,
    s.track_name,
    s.artist_names,
    s.artist_mbids,
    s.release_name,
    s.isrc,
    s.origin,
    s.service,
    s.agent,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = s.account_id) AND (v.subject =
                CASE
                    WHEN s.alpha THEN 'fm.teal.alpha.actor.status/self'::text
                    ELSE 'fm.teal.actor.status/self'::text
                END) AND v.hides_list)
         LIMIT 1), false))) AS listed,
    COALESCE(( SELECT r.uri
           FROM public.ranked_track r
          WHERE (r.uri = s.track_uri)), ( SELECT r.uri
           FROM public.ranked_track r
          WHERE (r.name = s.track_named)
          ORDER BY r.indexed_at, r.uri
         LIMIT 1)) AS track
   FROM (public.teal_status s
     JOIN public.visible_account a ON ((a.id = s.account_id)))
  WHERE ((NOT (EXISTS ( SELECT
           FROM public.teal_status o
          WHERE ((o.account_id = s.account_id) AND (ROW(o.started_at, (NOT o.alpha)) > ROW(s.started_at, (NOT s.alpha))))))) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = s.account_id) AND (v.subject =
                CASE
                    WHEN s.alpha THEN 'fm.teal.alpha.actor.status/self'::text
                    ELSE 'fm.teal.actor.status/self'::text
                END) AND v.hides_view)
         LIMIT 1), false)));
CREATE VIEW public.visible_tag AS
 SELECT tag,
    track_count
   FROM public.tag_count;
CREATE VIEW public.visible_teal_name AS
 SELECT (lower(p.display_name) COLLATE "C") AS name,
    a.id AS account_id,
    a.handle,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject =
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self'::text
                    ELSE 'fm.teal.actor.profile/self'::text
                END) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM (public.teal_profile p
     JOIN public.visible_account a ON ((a.id = p.account_id)))
  WHERE ((p.alpha = ( SELECT s.alpha
           FROM public.teal_profile s
          WHERE (s.account_id = p.account_id)
          ORDER BY s.alpha
         LIMIT 1)) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject =
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self'::text
                    ELSE 'fm.teal.actor.profile/self'::text
                END) AND v.hides_view)
         LIMIT 1), false)));
CREATE VIEW public.visible_teal_profile AS
 SELECT p.account_id,
    p.created_at,
    p.indexed_at,
    p.alpha,
    p.display_name,
    p.description,
    p.avatar_cid,
    p.banner_cid,
    p.facets,
    p.featured_mbid,
    p.featured_type,
    a.did,
    a.handle,
    a.pds,
    (a.listed AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject =
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self'::text
                    ELSE 'fm.teal.actor.profile/self'::text
                END) AND v.hides_list)
         LIMIT 1), false))) AS listed
   FROM (public.teal_profile p
     JOIN public.visible_account a ON ((a.id = p.account_id)))
  WHERE ((NOT (p.alpha AND (EXISTS ( SELECT
           FROM public.teal_profile s
          WHERE ((s.account_id = p.account_id) AND (NOT s.alpha)))))) AND (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = p.account_id) AND (v.subject =
                CASE
                    WHEN p.alpha THEN 'fm.teal.alpha.actor.profile/self'::text
                    ELSE 'fm.teal.actor.profile/self'::text
                END) AND v.hides_view)
         LIMIT 1), false)));
CREATE VIEW public.visible_total_day AS
 SELECT day,
    (sum(tracks))::bigint AS tracks,
    (sum(likes))::bigint AS likes,
    (sum(comments))::bigint AS comments
   FROM public.total_day
  GROUP BY day;
CREATE VIEW public.visible_totals AS
 SELECT (sum(track_count))::bigint AS track_count,
    (sum(artist_count))::bigint AS artist_count,
    (sum(like_count))::bigint AS like_count,
    (sum(comment_count))::bigint AS comment_count,
    (sum(scrobble_count))::bigint AS scrobble_count,
    sum(total_duration) AS total_duration,
    (( SELECT sum(repo_total.synced) AS sum
           FROM public.repo_total))::bigint AS repo_count,
    ( SELECT max(source_cursor.event_time) AS max
           FROM public.source_cursor) AS indexed_at,
    (sum(list_count))::bigint AS list_count
   FROM public.totals;
CREATE VIEW public.visible_track_name AS
 SELECT name,
    indexed_at,
    uri
   FROM public.ranked_track;
CREATE VIEW public.visible_track_tag AS
 SELECT g.tag,
    g.sort_at,
    g.account_id,
    g.rkey,
    a.listed,
    g.likes,
    g.plays
   FROM (public.tag_track g
     JOIN public.visible_account a ON ((a.id = g.account_id)))
  WHERE (NOT COALESCE(( SELECT true
           FROM public.visibility v
          WHERE ((v.account_id = g.account_id) AND (v.subject = ('fm.plyr.track/'::text || g.rkey)) AND v.hides_view)
         LIMIT 1), false));
CREATE VIEW public.visible_word AS
 SELECT documents,
    word,
    marks,
    weight
   FROM public.search_word;
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_did_key UNIQUE (did);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.actor_count
    ADD CONSTRAINT actor_count_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.actor_day
    ADD CONSTRAINT actor_day_pkey PRIMARY KEY (account_id, day);
ALTER TABLE ONLY public.actor_name
    ADD CONSTRAINT actor_name_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.album
    ADD CONSTRAINT album_pkey PRIMARY KEY (account_id, by_list, album);
ALTER TABLE ONLY public.album
    ADD CONSTRAINT album_slug UNIQUE (account_id, slug) DEFERRABLE;
ALTER TABLE ONLY public.album_track
    ADD CONSTRAINT album_track_pkey PRIMARY KEY (account_id, rkey, by_list, album);
ALTER TABLE ONLY public.bsky_profile
    ADD CONSTRAINT bsky_profile_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.buffered_event
    ADD CONSTRAINT buffered_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chart_window
    ADD CONSTRAINT chart_window_pkey PRIMARY KEY (days);
ALTER TABLE ONLY public.dead_letter
    ADD CONSTRAINT dead_letter_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discovery_cursor
    ADD CONSTRAINT discovery_cursor_pkey PRIMARY KEY (source, listing);
ALTER TABLE ONLY public.heard_actor
    ADD CONSTRAINT heard_actor_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.heard_day
    ADD CONSTRAINT heard_day_pkey PRIMARY KEY (subject, day);
ALTER TABLE ONLY public.heard_tag
    ADD CONSTRAINT heard_tag_pkey PRIMARY KEY (tag);
ALTER TABLE ONLY public.heard_total_day
    ADD CONSTRAINT heard_total_day_pkey PRIMARY KEY (day, slot);
ALTER TABLE ONLY public.heard_total
    ADD CONSTRAINT heard_total_pkey PRIMARY KEY (slot);
ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.link_count
    ADD CONSTRAINT link_count_pkey PRIMARY KEY (link);
ALTER TABLE ONLY public.listener_day
    ADD CONSTRAINT listener_day_pkey PRIMARY KEY (account_id, day);
ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.listening
    ADD CONSTRAINT listening_pkey PRIMARY KEY (account_id, kind, item);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.played_by
    ADD CONSTRAINT played_by_pkey PRIMARY KEY (artist, kind, item);
ALTER TABLE ONLY public.played_name
    ADD CONSTRAINT played_name_pkey PRIMARY KEY (item, key);
ALTER TABLE ONLY public.played_on
    ADD CONSTRAINT played_on_pkey PRIMARY KEY (release, recording);
ALTER TABLE ONLY public.played
    ADD CONSTRAINT played_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.played_recent
    ADD CONSTRAINT played_recent_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.played_total
    ADD CONSTRAINT played_total_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.played_word
    ADD CONSTRAINT played_word_pkey PRIMARY KEY (word);
ALTER TABLE ONLY public.plyr_comment
    ADD CONSTRAINT plyr_comment_pkey PRIMARY KEY (account_id, rkey);
ALTER TABLE ONLY public.plyr_like
    ADD CONSTRAINT plyr_like_pkey PRIMARY KEY (account_id, rkey);
ALTER TABLE ONLY public.plyr_list_item
    ADD CONSTRAINT plyr_list_item_pkey PRIMARY KEY (account_id, rkey, place);
ALTER TABLE ONLY public.plyr_list
    ADD CONSTRAINT plyr_list_pkey PRIMARY KEY (account_id, rkey);
ALTER TABLE ONLY public.plyr_profile
    ADD CONSTRAINT plyr_profile_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.plyr_track
    ADD CONSTRAINT plyr_track_pkey PRIMARY KEY (account_id, rkey);
ALTER TABLE ONLY public.ranked_track
    ADD CONSTRAINT ranked_track_pkey PRIMARY KEY (account_id, rkey);
ALTER TABLE ONLY public.record_link
    ADD CONSTRAINT record_link_pkey PRIMARY KEY (link, account_id, sort_at, rkey);
ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (account_id, collection, rkey);
ALTER TABLE ONLY public.reindex_change
    ADD CONSTRAINT reindex_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.reindex_verdict
    ADD CONSTRAINT reindex_verdict_pkey PRIMARY KEY (account_id, collection, rkey);
ALTER TABLE ONLY public.repo
    ADD CONSTRAINT repo_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.repo_total
    ADD CONSTRAINT repo_total_pkey PRIMARY KEY (slot);
ALTER TABLE ONLY public.search_document
    ADD CONSTRAINT search_document_pkey PRIMARY KEY (kind, account_id, key);
ALTER TABLE ONLY public.search_word
    ADD CONSTRAINT search_word_pkey PRIMARY KEY (word);
ALTER TABLE ONLY public.source_cursor
    ADD CONSTRAINT source_cursor_pkey PRIMARY KEY (source, shard);
ALTER TABLE ONLY public.stream_gap
    ADD CONSTRAINT stream_gap_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.subject_count
    ADD CONSTRAINT subject_count_pkey PRIMARY KEY (subject);
ALTER TABLE ONLY public.subject_day
    ADD CONSTRAINT subject_day_pkey PRIMARY KEY (subject, day);
ALTER TABLE ONLY public.tag_count
    ADD CONSTRAINT tag_count_pkey PRIMARY KEY (tag);
ALTER TABLE ONLY public.tag_track
    ADD CONSTRAINT tag_track_pkey PRIMARY KEY (tag, sort_at, account_id, rkey);
ALTER TABLE ONLY public.teal_play
    ADD CONSTRAINT teal_play_pkey PRIMARY KEY (account_id, rkey, alpha);
ALTER TABLE ONLY public.teal_profile
    ADD CONSTRAINT teal_profile_pkey PRIMARY KEY (account_id, alpha);
ALTER TABLE ONLY public.teal_status
    ADD CONSTRAINT teal_status_pkey PRIMARY KEY (account_id, alpha);
ALTER TABLE ONLY public.total_day
    ADD CONSTRAINT total_day_pkey PRIMARY KEY (day, slot);
ALTER TABLE ONLY public.totals
    ADD CONSTRAINT totals_pkey PRIMARY KEY (slot);
ALTER TABLE ONLY public.track_listener
    ADD CONSTRAINT track_listener_pkey PRIMARY KEY (owner, account_id);
ALTER TABLE ONLY public.track_play
    ADD CONSTRAINT track_play_pkey PRIMARY KEY (account_id, rkey, alpha);
ALTER TABLE ONLY public.track_recent
    ADD CONSTRAINT track_recent_pkey PRIMARY KEY (subject);
ALTER TABLE ONLY public.visibility
    ADD CONSTRAINT visibility_pkey PRIMARY KEY (account_id, subject, cause);
CREATE INDEX album_by_stem ON public.album USING btree (account_id, stem);
CREATE INDEX album_by_title ON public.album USING btree (account_id, by_title) WHERE ((track_count > 0) OR (guest_count > 0));
CREATE INDEX album_latest ON public.album USING btree (since DESC, account_id DESC, slug DESC) WHERE ((track_count > 0) OR (guest_count > 0));
CREATE INDEX album_track_of_album ON public.album_track USING btree (account_id, by_list, album, sort_at, rkey);
CREATE INDEX buffered_event_order ON public.buffered_event USING btree (account_id, id);
CREATE INDEX dead_letter_did ON public.dead_letter USING btree (did);
CREATE INDEX heard_day_moment ON public.heard_day USING btree (public.track_moment(day, subject));
CREATE INDEX identity_handle_due ON public.identity USING btree (check_at) WHERE (handle_due AND (NOT stale));
CREATE INDEX identity_stale ON public.identity USING btree (check_at) WHERE stale;
CREATE UNIQUE INDEX identity_valid_handle ON public.identity USING btree (handle) WHERE handle_valid;
CREATE INDEX listener_chart ON public.listener USING btree (plays DESC, account_id);
CREATE INDEX listener_chart_180 ON public.listener USING btree (plays_180 DESC, account_id) WHERE (plays_180 > 0);
CREATE INDEX listener_chart_30 ON public.listener USING btree (plays_30 DESC, account_id) WHERE (plays_30 > 0);
CREATE INDEX listener_chart_365 ON public.listener USING btree (plays_365 DESC, account_id) WHERE (plays_365 > 0);
CREATE INDEX listener_chart_7 ON public.listener USING btree (plays_7 DESC, account_id) WHERE (plays_7 > 0);
CREATE INDEX listener_chart_90 ON public.listener USING btree (plays_90 DESC, account_id) WHERE (plays_90 > 0);
CREATE INDEX listening_artist ON public.listening USING btree (item, plays DESC, account_id) WHERE (kind = 'artist'::public.played_kind);
CREATE INDEX listening_chart ON public.listening USING btree (account_id, kind, plays DESC, item) WHERE (plays > 1);
CREATE INDEX played_artists ON public.played USING gin (words) WITH (fastupdate=off) WHERE (kind = 'artist'::public.played_kind);
CREATE INDEX played_by_item ON public.played_by USING btree (item);
CREATE INDEX played_by_name ON public.played USING btree (kind, name_hash, weight DESC);
CREATE INDEX played_by_squeezed ON public.played USING btree (kind, squeezed, weight DESC);
CREATE UNIQUE INDEX played_key ON public.played USING btree (key, kind);
CREATE INDEX played_name_leading ON public.played_name USING btree (((- item)), ((name = ''::text)), plays DESC, key);
CREATE INDEX played_recent_chart_180 ON public.played_recent USING btree (kind, plays_180 DESC, item) WHERE (plays_180 > 0);
CREATE INDEX played_recent_chart_30 ON public.played_recent USING btree (kind, plays_30 DESC, item) WHERE (plays_30 > 0);
CREATE INDEX played_recent_chart_365 ON public.played_recent USING btree (kind, plays_365 DESC, item);
CREATE INDEX played_recent_chart_7 ON public.played_recent USING btree (kind, plays_7 DESC, item) WHERE (plays_7 > 0);
CREATE INDEX played_recent_chart_90 ON public.played_recent USING btree (kind, plays_90 DESC, item) WHERE (plays_90 > 0);
CREATE INDEX played_recent_growth_1 ON public.played_recent USING btree (kind, (((plays_1 * (1000)::bigint) / GREATEST((plays_3 - plays_1), 10))) DESC, item) WHERE ((plays_1 >= 10) AND (listeners_1 >= 2));
CREATE INDEX played_recent_growth_30 ON public.played_recent USING btree (kind, (((plays_30 * (1000)::bigint) / GREATEST((plays_61 - plays_30), 10))) DESC, item) WHERE ((plays_30 >= 10) AND (listeners_30 >= 2));
CREATE INDEX played_recent_growth_7 ON public.played_recent USING btree (kind, (((plays_7 * (1000)::bigint) / GREATEST((plays_15 - plays_7), 10))) DESC, item) WHERE ((plays_7 >= 10) AND (listeners_7 >= 2));
CREATE INDEX played_recordings ON public.played USING gin (words) WITH (fastupdate=off) WHERE (kind = 'recording'::public.played_kind);
CREATE INDEX played_releases ON public.played USING gin (words) WITH (fastupdate=off) WHERE (kind = 'release'::public.played_kind);
CREATE INDEX played_total_chart ON public.played_total USING btree (kind, plays DESC, item);
CREATE INDEX played_word_beginning ON public.played_word USING btree (substr(word, 1, 2), weight DESC, word);
CREATE INDEX played_word_begun ON public.played_word USING btree (substr(word, 1, 3), weight DESC, word);
CREATE INDEX played_word_marks ON public.played_word USING gin (marks) WITH (fastupdate=off);
CREATE INDEX plyr_comment_by_actor ON public.plyr_comment USING btree (account_id, sort_at DESC, rkey DESC);
CREATE INDEX plyr_comment_by_position ON public.plyr_comment USING btree (subject, timestamp_ms, sort_at, account_id, rkey);
CREATE INDEX plyr_comment_by_time ON public.plyr_comment USING btree (subject, sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX plyr_comment_latest ON public.plyr_comment USING btree (sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX plyr_like_by_actor ON public.plyr_like USING btree (account_id, sort_at DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_like_by_subject ON public.plyr_like USING btree (subject, sort_at DESC, account_id DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_like_canonical ON public.plyr_like USING btree (account_id, subject) WHERE canonical;
CREATE INDEX plyr_like_latest ON public.plyr_like USING btree (sort_at DESC, account_id DESC, rkey DESC) WHERE canonical;
CREATE INDEX plyr_like_repeated ON public.plyr_like USING btree (account_id, subject, sort_at, rkey) WHERE (NOT canonical);
CREATE INDEX plyr_list_by_actor ON public.plyr_list USING btree (account_id, sort_at DESC, rkey DESC);
CREATE INDEX plyr_list_by_type ON public.plyr_list USING btree (account_id, list_type, sort_at DESC, rkey DESC);
CREATE INDEX plyr_list_item_by_subject ON public.plyr_list_item USING btree (subject, sort_at DESC, account_id DESC, rkey DESC) WHERE (NOT repeated);
CREATE INDEX plyr_list_item_own ON public.plyr_list_item USING btree (account_id, subject) WHERE (own AND (NOT repeated));
CREATE INDEX plyr_list_latest ON public.plyr_list USING btree (sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX plyr_profile_latest ON public.plyr_profile USING btree (LEAST(created_at, indexed_at) DESC, account_id DESC);
CREATE INDEX plyr_track_by_actor ON public.plyr_track USING btree (account_id, sort_at DESC, rkey DESC);
CREATE INDEX plyr_track_by_uri ON public.plyr_track USING btree (uri);
CREATE INDEX plyr_track_latest ON public.plyr_track USING btree (sort_at DESC, account_id DESC, rkey DESC);
CREATE INDEX ranked_track_name ON public.ranked_track USING btree (name, indexed_at, uri) WHERE (name IS NOT NULL);
CREATE INDEX ranked_track_plays ON public.ranked_track USING btree (play_count DESC, uri DESC) WHERE (play_count > 0);
CREATE UNIQUE INDEX ranked_track_uri ON public.ranked_track USING btree (uri);
CREATE INDEX record_link_by_time ON public.record_link USING btree (link, sort_at, account_id, rkey);
CREATE INDEX record_link_of_record ON public.record_link USING btree (account_id, rkey);
CREATE INDEX record_unsigned ON public.record USING btree (account_id) WHERE unsigned;
CREATE INDEX repo_compared ON public.repo USING btree (compared_at NULLS FIRST) WHERE (state = ANY (ARRAY['synced'::text, 'syncing'::text, 'inactive'::text]));
CREATE INDEX repo_leases ON public.repo USING btree (lease_until) WHERE (state = 'syncing'::text);
CREATE INDEX repo_queue ON public.repo USING btree (priority DESC, next_attempt_at) WHERE ((state = ANY (ARRAY['pending'::text, 'desynchronized'::text, 'error'::text, 'inactive'::text])) AND (next_attempt_at < 'infinity'::timestamp with time zone));
CREATE INDEX repo_unconfirmed ON public.repo USING btree (unsigned_since) WHERE ((state = 'synced'::text) AND (unsigned_since IS NOT NULL));
CREATE INDEX search_document_albums ON public.search_document USING gin (words) WITH (fastupdate=off) WHERE (kind = 'album'::text);
CREATE INDEX search_document_alias ON public.search_document USING btree (kind, alias) WHERE (alias IS NOT NULL);
CREATE INDEX search_document_artists ON public.search_document USING gin (words) WITH (fastupdate=off) WHERE (kind = 'artist'::text);
CREATE INDEX search_document_name ON public.search_document USING btree (kind, name, popularity DESC);
CREATE INDEX search_document_playlists ON public.search_document USING gin (words) WITH (fastupdate=off) WHERE (kind = 'playlist'::text);
CREATE INDEX search_document_popular ON public.search_document USING btree (kind, popularity DESC, account_id, key);
CREATE INDEX search_document_tags ON public.search_document USING gin (words) WITH (fastupdate=off) WHERE (kind = 'tag'::text);
CREATE INDEX search_document_tracks ON public.search_document USING gin (words) WITH (fastupdate=off) WHERE (kind = 'track'::text);
CREATE INDEX search_word_beginning ON public.search_word USING btree (substr(word, 1, 2), weight DESC, word);
CREATE INDEX search_word_begun ON public.search_word USING btree (substr(word, 1, 3), weight DESC, word);
CREATE INDEX search_word_marks ON public.search_word USING gin (marks) WITH (fastupdate=off);
CREATE UNIQUE INDEX stream_gap_open ON public.stream_gap USING btree (source, reason) WHERE (healed_at IS NULL);
CREATE INDEX subject_count_likes ON public.subject_count USING btree (like_count DESC, subject DESC) WHERE ((owner <> 0) AND (like_count > 0));
CREATE INDEX subject_day_moment ON public.subject_day USING btree (public.track_moment(day, subject)) WHERE (likes > 0);
CREATE INDEX tag_count_most ON public.tag_count USING btree (((- track_count)), tag);
CREATE INDEX tag_track_most ON public.tag_track USING btree (tag, likes, plays, sort_at, account_id, rkey);
CREATE INDEX teal_play_by_name ON public.teal_play USING btree (track_named) WHERE (canonical AND (track_named IS NOT NULL));
CREATE INDEX teal_play_by_time ON public.teal_play USING btree (played_at) WHERE canonical;
CREATE INDEX teal_play_by_track ON public.teal_play USING btree (track_uri) WHERE (canonical AND (track_uri IS NOT NULL));
CREATE INDEX teal_play_canonical ON public.teal_play USING btree (account_id, played_at DESC, recording DESC) WHERE canonical;
CREATE INDEX teal_play_repeated ON public.teal_play USING btree (account_id, played_at, recording, alpha, rkey) WHERE ((NOT canonical) AND (NOT shadowed));
CREATE INDEX teal_play_to_track ON public.teal_play USING btree (account_id, rkey) WHERE ((track_uri IS NOT NULL) OR (track_named IS NOT NULL));
CREATE INDEX teal_profile_by_name ON public.teal_profile USING btree (lower(display_name) COLLATE "C", account_id);
CREATE INDEX teal_status_expiry ON public.teal_status USING btree (expires_at);
CREATE INDEX track_play_owner ON public.track_play USING btree (owner, day, account_id);
CREATE INDEX track_play_subject ON public.track_play USING btree (subject);
CREATE INDEX track_recent_growth_1 ON public.track_recent USING btree (((((likes_1 + plays_1))::double precision / (GREATEST(((both_3 - likes_1) - plays_1), 3))::double precision)) DESC, ((likes_1 + plays_1)) DESC, subject DESC) WHERE (track AND ((likes_1 + plays_1) >= 3) AND ((likes_1 + plays_1) > ((both_3 - likes_1) - plays_1)));
CREATE INDEX track_recent_growth_30 ON public.track_recent USING btree (((((likes_30 + plays_30))::double precision / (GREATEST(((both_61 - likes_30) - plays_30), 3))::double precision)) DESC, ((likes_30 + plays_30)) DESC, subject DESC) WHERE (track AND ((likes_30 + plays_30) >= 3) AND ((likes_30 + plays_30) > ((both_61 - likes_30) - plays_30)));
CREATE INDEX track_recent_growth_7 ON public.track_recent USING btree (((((likes_7 + plays_7))::double precision / (GREATEST(((both_15 - likes_7) - plays_7), 3))::double precision)) DESC, ((likes_7 + plays_7)) DESC, subject DESC) WHERE (track AND ((likes_7 + plays_7) >= 3) AND ((likes_7 + plays_7) > ((both_15 - likes_7) - plays_7)));
CREATE INDEX track_recent_likes_1 ON public.track_recent USING btree (likes_1 DESC, subject DESC) WHERE (track AND (likes_1 > 0));
CREATE INDEX track_recent_likes_30 ON public.track_recent USING btree (likes_30 DESC, subject DESC) WHERE (track AND (likes_30 > 0));
CREATE INDEX track_recent_likes_365 ON public.track_recent USING btree (likes_365 DESC, subject DESC) WHERE (track AND (likes_365 > 0));
CREATE INDEX track_recent_likes_7 ON public.track_recent USING btree (likes_7 DESC, subject DESC) WHERE (track AND (likes_7 > 0));
CREATE INDEX track_recent_plays_1 ON public.track_recent USING btree (plays_1 DESC, subject DESC) WHERE (track AND (plays_1 > 0));
CREATE INDEX track_recent_plays_30 ON public.track_recent USING btree (plays_30 DESC, subject DESC) WHERE (track AND (plays_30 > 0));
CREATE INDEX track_recent_plays_365 ON public.track_recent USING btree (plays_365 DESC, subject DESC) WHERE (track AND (plays_365 > 0));
CREATE INDEX track_recent_plays_7 ON public.track_recent USING btree (plays_7 DESC, subject DESC) WHERE (track AND (plays_7 > 0));
CREATE TRIGGER repo_came AFTER INSERT ON public.repo REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.count_synced();
CREATE TRIGGER repo_changed AFTER UPDATE ON public.repo REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.count_synced();
CREATE TRIGGER repo_went AFTER DELETE ON public.repo REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION public.count_synced();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF did, first_seen, id OR TRUNCATE ON public.account FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, likes_received, playlist_count, scrobble_count, total_duration, track_count OR TRUNCATE ON public.actor_count FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, comments, day, likes, tracks OR TRUNCATE ON public.actor_day FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, avatar, avatar_cid, display_name OR TRUNCATE ON public.actor_name FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, album, by_list, by_title, guest_count, image, said, since, slug, title, total_duration, track_count, uri OR TRUNCATE ON public.album FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, album, by_list, rkey, sort_at OR TRUNCATE ON public.album_track FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, banner_cid, created_at, description, indexed_at OR TRUNCATE ON public.bsky_profile FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF days, since OR TRUNCATE ON public.chart_window FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, listener_count, play_count OR TRUNCATE ON public.heard_actor FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF play_count, tag OR TRUNCATE ON public.heard_tag FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF play_count OR TRUNCATE ON public.heard_total FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF day, listeners, plays OR TRUNCATE ON public.heard_total_day FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, handle, handle_valid, pds OR TRUNCATE ON public.identity FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF namespace OR TRUNCATE ON public.instance FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF accounts, link, records OR TRUNCATE ON public.link_count FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, plays, plays_1, plays_180, plays_30, plays_365, plays_7, plays_90 OR TRUNCATE ON public.listener FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, item, kind, last_minute, plays OR TRUNCATE ON public.listening FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF credit, id, key, kind, name, name_hash, squeezed, weight, words OR TRUNCATE ON public.played FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF artist, item, kind OR TRUNCATE ON public.played_by FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF plays, recording, release OR TRUNCATE ON public.played_on FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF item, kind, listeners_1, listeners_180, listeners_30, listeners_365, listeners_7, listeners_90, plays_1, plays_15, plays_180, plays_3, plays_30, plays_365, plays_61, plays_7, plays_90 OR TRUNCATE ON public.played_recent FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF item, kind, listeners, plays OR TRUNCATE ON public.played_total FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF documents, marks, weight, word OR TRUNCATE ON public.played_word FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, cid, created_at, indexed_at, rkey, sort_at, subject, subject_cid, text, timestamp_ms, updated_at, uri OR TRUNCATE ON public.plyr_comment FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, canonical, created_at, indexed_at, rkey, sort_at, subject, uri OR TRUNCATE ON public.plyr_like FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, cid, created_at, guest_count, indexed_at, item_count, list_type, name, rkey, sort_at, updated_at, uri OR TRUNCATE ON public.plyr_list FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, own, place, repeated, rkey, sort_at, subject OR TRUNCATE ON public.plyr_list_item FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, bio, created_at, indexed_at OR TRUNCATE ON public.plyr_profile FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, album, artist, audio_cid, audio_mime, audio_size, audio_url, cid, created_at, description, duration, features, file_type, image, indexed_at, record, rkey, said, self_labels, sort_at, support_gate, tags, title, uri OR TRUNCATE ON public.plyr_track FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, indexed_at, name, play_count, rkey, sort_at, tags, uri OR TRUNCATE ON public.ranked_track FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, cid, collection, rkey, value OR TRUNCATE ON public.record FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, collection, link, rkey, sort_at OR TRUNCATE ON public.record_link FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF synced OR TRUNCATE ON public.repo_total FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, alias, artist, key, kind, name, popularity, tags, words OR TRUNCATE ON public.search_document FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF documents, marks, weight, word OR TRUNCATE ON public.search_word FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF event_time OR TRUNCATE ON public.source_cursor FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF comment_count, like_count, owner, subject OR TRUNCATE ON public.subject_count FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF tag, track_count OR TRUNCATE ON public.tag_count FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, likes, plays, rkey, sort_at, tag OR TRUNCATE ON public.tag_track FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, agent, alpha, artist_mbids, artist_names, artists, canonical, cid, duration, indexed_at, isrc, origin, played_at, recording, recording_mbid, release, release_mbid, release_name, rkey, service, shadowed, track_mbid, track_name, track_named, track_uri OR TRUNCATE ON public.teal_play FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, alpha, avatar_cid, banner_cid, created_at, description, display_name, facets, featured_mbid, featured_type, indexed_at OR TRUNCATE ON public.teal_profile FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, agent, alpha, artist_mbids, artist_names, duration, expires_at, indexed_at, isrc, origin, recording_mbid, release_mbid, release_name, service, started_at, track_mbid, track_name, track_named, track_uri OR TRUNCATE ON public.teal_status FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF comments, day, likes, tracks OR TRUNCATE ON public.total_day FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF artist_count, comment_count, like_count, list_count, listener_count, scrobble_count, total_duration, track_count OR TRUNCATE ON public.totals FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, alpha, day, owner, rkey, subject OR TRUNCATE ON public.track_play FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF both_15, both_3, both_61, likes_1, likes_30, likes_365, likes_7, plays_1, plays_30, plays_365, plays_7, subject, track OR TRUNCATE ON public.track_recent FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
CREATE TRIGGER shown AFTER INSERT OR DELETE OR UPDATE OF account_id, hides_list, hides_view, subject OR TRUNCATE ON public.visibility FOR EACH STATEMENT EXECUTE FUNCTION public.note_shown();
ALTER TABLE ONLY public.buffered_event
    ADD CONSTRAINT buffered_event_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.repo
    ADD CONSTRAINT repo_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.visibility
    ADD CONSTRAINT visibility_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
GRANT SELECT ON TABLE public.visible_account TO plyr_reader;
GRANT SELECT ON TABLE public.visible_absence TO plyr_reader;
GRANT SELECT ON TABLE public.visible_actor_day TO plyr_reader;
GRANT SELECT ON TABLE public.visible_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_album TO plyr_reader;
GRANT SELECT ON TABLE public.visible_album_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_chart_window TO plyr_reader;
GRANT SELECT ON TABLE public.visible_comment TO plyr_reader;
GRANT SELECT ON TABLE public.visible_document TO plyr_reader;
GRANT SELECT ON TABLE public.visible_handle TO plyr_reader;
GRANT SELECT ON TABLE public.visible_heard TO plyr_reader;
GRANT SELECT ON TABLE public.visible_heard_actor TO plyr_reader;
GRANT SELECT ON TABLE public.visible_heard_tag TO plyr_reader;
GRANT SELECT ON TABLE public.visible_heard_total TO plyr_reader;
GRANT SELECT ON TABLE public.visible_heard_total_day TO plyr_reader;
GRANT SELECT ON TABLE public.visible_issuer TO plyr_reader;
GRANT SELECT ON TABLE public.visible_join TO plyr_reader;
GRANT SELECT ON TABLE public.visible_like TO plyr_reader;
GRANT SELECT ON TABLE public.visible_liked_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_link TO plyr_reader;
GRANT SELECT ON TABLE public.visible_link_count TO plyr_reader;
GRANT SELECT ON TABLE public.visible_list TO plyr_reader;
GRANT SELECT ON TABLE public.visible_list_item TO plyr_reader;
GRANT SELECT ON TABLE public.visible_ranked_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_listed_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_listener TO plyr_reader;
GRANT SELECT ON TABLE public.visible_listening TO plyr_reader;
GRANT SELECT ON TABLE public.visible_listening_day TO plyr_reader;
GRANT SELECT ON TABLE public.visible_namespace TO plyr_reader;
GRANT SELECT ON TABLE public.visible_play TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_by TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_document TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_name TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_on TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_played_word TO plyr_reader;
GRANT SELECT ON TABLE public.visible_profile TO plyr_reader;
GRANT SELECT ON TABLE public.visible_ranked_document TO plyr_reader;
GRANT SELECT ON TABLE public.visible_recent_track TO plyr_reader;
GRANT SELECT ON TABLE public.visible_record TO plyr_reader;
GRANT SELECT ON TABLE public.visible_schema TO plyr_reader;
GRANT SELECT ON TABLE public.visible_source TO plyr_reader;
GRANT SELECT ON TABLE public.visible_status TO plyr_reader;
GRANT SELECT ON TABLE public.visible_tag TO plyr_reader;
GRANT SELECT ON TABLE public.visible_teal_name TO plyr_reader;
GRANT SELECT ON TABLE public.visible_teal_profile TO plyr_reader;
GRANT SELECT ON TABLE public.visible_total_day TO plyr_reader;
GRANT SELECT ON TABLE public.visible_totals TO plyr_reader;
GRANT SELECT ON TABLE public.visible_track_name TO plyr_reader;
GRANT SELECT ON TABLE public.visible_track_tag TO plyr_reader;
GRANT SELECT ON TABLE public.visible_word TO plyr_reader;
