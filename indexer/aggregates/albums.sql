-- name: forget_tracks
-- Accounts without any track have none in an album.
-- $1 account_ids bigint[]
DELETE FROM album_track m
WHERE m.account_id = ANY ($1) AND NOT EXISTS (SELECT FROM plyr_track t WHERE t.account_id = m.account_id);

-- name: forget_albums
-- Accounts without any track or list have no album.
-- $1 account_ids bigint[]
DELETE FROM album b
WHERE b.account_id = ANY ($1)
    AND NOT EXISTS (SELECT FROM plyr_track t WHERE t.account_id = b.account_id)
    AND NOT EXISTS (SELECT FROM plyr_list l WHERE l.account_id = b.account_id);

-- name: concerned
-- The tracks that touched tracks and lists may have moved: these, and those that are or were in a touched list.
-- $1 track_accounts bigint[], $2 track_rkeys text[], $3 list_accounts bigint[], $4 list_rkeys text[]
SELECT account_id, rkey FROM unnest($1::bigint[], $2::text[]) AS track (account_id, rkey)
UNION
SELECT m.account_id, m.rkey
FROM unnest($3::bigint[], $4::text[]) AS list (account_id, rkey)
JOIN album_track m ON m.account_id = list.account_id AND m.by_list AND m.album = list.rkey
UNION
SELECT t.account_id, t.rkey
FROM unnest($3::bigint[], $4::text[]) AS list (account_id, rkey)
JOIN plyr_list l ON l.account_id = list.account_id AND l.rkey = list.rkey AND l.list_type = 'album'
JOIN plyr_list_item i ON i.account_id = l.account_id AND i.rkey = l.rkey AND i.own AND NOT i.repeated
JOIN plyr_track t ON t.uri = i.subject AND t.account_id = i.account_id;

-- name: leave
-- Take tracks out of all albums; gives these.
-- $1 account_ids bigint[], $2 rkeys text[]
DELETE FROM album_track m
USING unnest($1::bigint[], $2::text[]) AS track (account_id, rkey)
WHERE m.account_id = track.account_id AND m.rkey = track.rkey
RETURNING m.account_id, m.by_list, m.album;

-- name: join_lists
-- Put tracks into the album lists of their authors in which they stand; gives these. The lists are looked up track by
-- track: a planner that takes an account and a URI for independent reads all lists there are.
-- $1 account_ids bigint[], $2 rkeys text[]
INSERT INTO album_track (account_id, by_list, album, rkey, sort_at)
SELECT t.account_id, true, l.rkey, t.rkey, t.sort_at
FROM unnest($1::bigint[], $2::text[]) AS track (account_id, rkey)
JOIN plyr_track t ON t.account_id = track.account_id AND t.rkey = track.rkey
CROSS JOIN LATERAL (
    SELECT i.rkey
    FROM plyr_list_item i
    JOIN plyr_list l ON l.account_id = i.account_id AND l.rkey = i.rkey AND l.list_type = 'album'
    WHERE i.account_id = t.account_id AND i.subject = t.uri AND i.own AND NOT i.repeated
    OFFSET 0
) l
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_view
)
RETURNING account_id, by_list, album;

-- name: named
-- Those of some tracks that stand in no album list of their authors, and the album that they name.
-- $1 account_ids bigint[], $2 rkeys text[]
SELECT t.account_id, t.rkey, t.sort_at, t.album
FROM unnest($1::bigint[], $2::text[]) AS track (account_id, rkey)
JOIN plyr_track t ON t.account_id = track.account_id AND t.rkey = track.rkey
WHERE t.album IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM plyr_list_item i
        JOIN plyr_list l ON l.account_id = i.account_id AND l.rkey = i.rkey AND l.list_type = 'album'
        WHERE i.account_id = t.account_id AND i.subject = t.uri AND i.own AND NOT i.repeated
    )
    AND NOT EXISTS (
        SELECT FROM visibility v
        WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_view
    );

-- name: join_names
-- Put tracks into the albums that they name; gives these.
-- $1 account_ids bigint[], $2 rkeys text[], $3 sort_ats timestamptz[], $4 names text[]
INSERT INTO album_track (account_id, rkey, sort_at, by_list, album)
SELECT account_id, rkey, sort_at, false, name
FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[]) AS track (account_id, rkey, sort_at, name)
RETURNING account_id, by_list, album;

-- name: drop
-- Delete albums; gives what they were called.
-- $1 account_ids bigint[], $2 by_lists boolean[], $3 albums text[]
DELETE FROM album b
USING unnest($1::bigint[], $2::boolean[], $3::text[]) AS key (account_id, by_list, album)
WHERE b.account_id = key.account_id AND b.by_list = key.by_list AND b.album = key.album
RETURNING b.account_id, b.by_list, b.album, b.since, b.title, b.slug;

-- name: made
-- What becomes of albums: of lists with that type, and of names that tracks have. The cover is that of the first track
-- with an image; a name is written as by the first track.
-- $1 account_ids bigint[], $2 by_lists boolean[], $3 albums text[]
SELECT l.account_id, true AS by_list, l.rkey AS album, l.sort_at AS since, coalesce(l.name, 'Untitled') AS title, l.uri,
       own.image, own.track_count, l.guest_count, own.total_duration
FROM unnest($1::bigint[], $2::boolean[], $3::text[]) AS key (account_id, by_list, album)
JOIN plyr_list l ON key.by_list AND l.account_id = key.account_id AND l.rkey = key.album AND l.list_type = 'album'
CROSS JOIN LATERAL (
    SELECT (array_agg(t.image ORDER BY i.place) FILTER (WHERE t.image IS NOT NULL))[1] AS image,
           count(*)::integer AS track_count, coalesce(sum(t.duration), 0) AS total_duration
    FROM plyr_list_item i
    JOIN plyr_track t ON t.uri = i.subject AND t.account_id = i.account_id
    JOIN album_track m ON m.account_id = t.account_id AND m.rkey = t.rkey AND m.by_list AND m.album = l.rkey
    WHERE i.account_id = l.account_id AND i.rkey = l.rkey AND i.own AND NOT i.repeated
) own
UNION ALL
SELECT m.account_id, false, m.album, min(t.sort_at), (array_agg(t.album ORDER BY t.sort_at, t.rkey))[1], NULL,
       (array_agg(t.image ORDER BY t.sort_at, t.rkey) FILTER (WHERE t.image IS NOT NULL))[1],
       count(*)::integer, 0, coalesce(sum(t.duration), 0)
FROM unnest($1::bigint[], $2::boolean[], $3::text[]) AS key (account_id, by_list, album)
JOIN album_track m ON NOT key.by_list AND m.account_id = key.account_id AND NOT m.by_list AND m.album = key.album
JOIN plyr_track t ON t.account_id = m.account_id AND t.rkey = m.rkey
GROUP BY m.account_id, m.album;

-- name: of_groups
-- The albums whose slugs may collide with others.
-- $1 account_ids bigint[], $2 stems text[]
SELECT b.account_id, b.by_list, b.album, b.since, b.title, b.slug
FROM unnest($1::bigint[], $2::text[]) AS wanted (account_id, stem)
JOIN album b ON b.account_id = wanted.account_id AND b.stem = wanted.stem;

-- name: rename
-- Give albums other slugs.
-- $1 account_ids bigint[], $2 by_lists boolean[], $3 albums text[], $4 slugs text[], $5 by_titles text[]
UPDATE album b
SET slug = change.slug, by_title = change.by_title
FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[], $5::text[])
    AS change (account_id, by_list, album, slug, by_title)
WHERE b.account_id = change.account_id AND b.by_list = change.by_list AND b.album = change.album;

-- name: clear
-- No albums.
TRUNCATE album, album_track;
