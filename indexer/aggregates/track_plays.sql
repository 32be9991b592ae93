-- name: tracks_of
-- The tracks that accounts have or had.
-- $1 account_ids bigint[]
SELECT account_id, rkey FROM plyr_track WHERE account_id = ANY ($1)
UNION
SELECT account_id, rkey FROM ranked_track WHERE account_id = ANY ($1);

-- name: standing
-- Those of some tracks that have a row.
-- $1 account_ids bigint[], $2 rkeys text[]
SELECT r.account_id, r.rkey, r.uri, r.name, r.indexed_at, r.sort_at, r.tags
FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
JOIN ranked_track r ON r.account_id = key.account_id AND r.rkey = key.rkey;

-- name: wanted
-- Those of some tracks that show.
-- $1 account_ids bigint[], $2 rkeys text[]
SELECT t.account_id, t.rkey, t.uri, t.title, t.artist, t.indexed_at, t.sort_at, t.tags
FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
JOIN plyr_track t ON t.account_id = key.account_id AND t.rkey = key.rkey
WHERE NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = t.account_id AND c.hidden);

-- name: earliest
-- The track to which plays of each name go.
-- $1 names uuid[]
SELECT asked.name, first.uri
FROM unnest($1::uuid[]) AS asked (name)
CROSS JOIN LATERAL (
    SELECT r.uri FROM ranked_track r WHERE r.name = asked.name ORDER BY r.indexed_at, r.uri LIMIT 1
) first;

-- name: stand
-- New tracks, with nothing counted, and others that have changed. Tags are parted by line feeds, which none of them holds.
-- $1 account_ids bigint[], $2 rkeys text[], $3 uris text[], $4 names uuid[], $5 indexed_ats timestamptz[], $6 sort_ats timestamptz[], $7 tags text[]
INSERT INTO ranked_track (account_id, rkey, uri, name, indexed_at, sort_at, tags)
SELECT account_id, rkey, uri, name, indexed_at, sort_at, string_to_array(tags, E'\n')
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[])
    AS track (account_id, rkey, uri, name, indexed_at, sort_at, tags)
ORDER BY account_id, rkey COLLATE "C"
ON CONFLICT (account_id, rkey) DO UPDATE
SET name = EXCLUDED.name, indexed_at = EXCLUDED.indexed_at, sort_at = EXCLUDED.sort_at, tags = EXCLUDED.tags;

-- name: listeners_to_tracks
-- Those of the accounts that have a play which says of which track it is, or had one that belonged to one.
-- $1 account_ids bigint[]
SELECT account_id
FROM unnest($1::bigint[]) AS asked (account_id)
WHERE EXISTS (
        SELECT FROM teal_play p
        WHERE p.account_id = asked.account_id AND (p.track_uri IS NOT NULL OR p.track_named IS NOT NULL)
    )
    OR EXISTS (SELECT FROM track_play m WHERE m.account_id = asked.account_id);

-- name: plays_of
-- The plays of accounts that say of which track they are, or did when they were matched.
-- $1 account_ids bigint[]
SELECT account_id, rkey FROM teal_play WHERE account_id = ANY ($1) AND (track_uri IS NOT NULL OR track_named IS NOT NULL)
UNION
SELECT account_id, rkey FROM track_play WHERE account_id = ANY ($1);

-- name: plays_moved
-- The plays that lose or find a track: those of tracks that went, those that name one that came, and those of a name that
-- belongs to another now, but for those that belong to a track by its at-uri.
-- $1 went text[], $2 came text[], $3 names uuid[]
SELECT account_id, rkey FROM track_play WHERE subject = ANY ($1)
UNION
SELECT account_id, rkey FROM teal_play WHERE track_uri = ANY ($2) AND canonical
UNION
SELECT p.account_id, p.rkey
FROM teal_play p
WHERE p.track_named = ANY ($3) AND p.canonical AND NOT EXISTS (
    SELECT
    FROM track_play m
    WHERE m.account_id = p.account_id AND m.rkey = p.rkey AND m.alpha = p.alpha AND m.subject = p.track_uri
);

-- name: said
-- What plays say of tracks, and to which they belong so far.
-- $1 account_ids bigint[], $2 rkeys text[]
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
),
keyed AS MATERIALIZED (
    SELECT p.track_uri, p.track_named
    FROM asked
    JOIN teal_play p ON p.account_id = asked.account_id AND p.rkey = asked.rkey
    WHERE p.track_uri IS NOT NULL OR p.track_named IS NOT NULL
)
SELECT track_uri AS word FROM keyed
UNION
SELECT replace(track_named::text, '-', '') FROM keyed
UNION
SELECT m.subject FROM asked JOIN track_play m ON m.account_id = asked.account_id AND m.rkey = asked.rkey;

-- name: leave
-- Plays belong to no track; gives to which they did.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM track_play m
USING unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
WHERE m.account_id = key.account_id AND m.rkey = key.rkey
RETURNING m.subject, m.owner, m.account_id, m.day;

-- name: join
-- Plays that count belong to the tracks that they speak of; gives these.
-- $1 account_ids bigint[], $2 rkeys text[]
INSERT INTO track_play (account_id, rkey, alpha, day, owner, subject)
SELECT p.account_id, p.rkey, p.alpha, (p.played_at AT TIME ZONE 'UTC')::date, t.account_id, t.uri
FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
JOIN teal_play p ON p.account_id = key.account_id AND p.rkey = key.rkey AND p.canonical
CROSS JOIN LATERAL (
    SELECT spoken_of.account_id, spoken_of.uri
    FROM (
        (SELECT r.account_id, r.uri, 1 AS place FROM ranked_track r WHERE r.uri = p.track_uri)
        UNION ALL
        (
            SELECT r.account_id, r.uri, 2
            FROM ranked_track r
            WHERE r.name = p.track_named
            ORDER BY r.indexed_at, r.uri
            LIMIT 1
        )
    ) spoken_of
    ORDER BY spoken_of.place
    LIMIT 1
) t
WHERE (p.track_uri IS NOT NULL OR p.track_named IS NOT NULL)
    AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = p.account_id AND c.hidden)
RETURNING subject, owner, account_id, day;

-- name: lock
-- Until the transaction ends nobody else writes what has these numbers; or, not alone, nobody writes it alone.
-- $1 numbers integer[], $2 alone boolean[]
SELECT CASE
    WHEN alone THEN pg_advisory_xact_lock(hashtext('plyr-appview tracks'), number)
    ELSE pg_advisory_xact_lock_shared(hashtext('plyr-appview tracks'), number)
END
FROM (SELECT * FROM unnest($1::integer[], $2::boolean[]) AS wanted (number, alone) ORDER BY number) AS ordered;

-- name: clear
-- No tracks, and no plays of them.
TRUNCATE ranked_track, track_play;
