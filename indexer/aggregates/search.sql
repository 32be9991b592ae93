-- name: track_sources
-- Of these tracks those that show, and what their documents are made of.
-- $1 account_ids bigint[], $2 keys text[]
SELECT t.account_id, t.rkey AS key, t.title, t.artist, t.album, t.tags
FROM unnest($1::bigint[], $2::text[]) AS asked (account_id, key)
JOIN plyr_track t ON t.account_id = asked.account_id AND t.rkey = asked.key
WHERE NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = t.account_id AND c.hidden);

-- name: track_keys
-- The next tracks that an account has or had.
-- $1 account_id bigint, $2 after text, $3 number bigint
SELECT rkey AS key FROM plyr_track WHERE account_id = $1 AND rkey > $2
UNION
SELECT key FROM search_document WHERE kind = 'track' AND account_id = $1 AND key > $2
ORDER BY key
LIMIT $3;

-- name: artist_sources
-- Of these accounts those that show and have a name.
-- $1 account_ids bigint[], $2 keys text[]
SELECT account_id, asked.key, n.display_name, i.handle
FROM unnest($1::bigint[], $2::text[]) AS asked (account_id, key)
LEFT JOIN actor_name n USING (account_id)
LEFT JOIN (SELECT account_id, handle FROM identity WHERE handle_valid) i USING (account_id)
WHERE num_nonnulls(n.display_name, i.handle) > 0
    AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = asked.account_id AND c.hidden);

-- name: album_sources
-- Of these albums those that have tracks and show, and up to three artists of the author's own tracks in them.
-- $1 account_ids bigint[], $2 keys text[]
SELECT b.account_id, asked.key, b.title, own.artists
FROM unnest($1::bigint[], $2::text[]) AS asked (account_id, key)
JOIN album b ON b.account_id = asked.account_id AND b.by_list = starts_with(asked.key, 'list/') AND b.album = substr(asked.key, 6)
CROSS JOIN LATERAL (
    SELECT coalesce((array_agg(DISTINCT t.artist COLLATE "C" ORDER BY t.artist COLLATE "C"))[1:3], '{}') AS artists
    FROM album_track m
    JOIN plyr_track t ON t.account_id = m.account_id AND t.rkey = m.rkey
    WHERE m.account_id = b.account_id AND m.by_list = b.by_list AND m.album = b.album
) own
WHERE (b.track_count > 0 OR b.guest_count > 0)
    AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = b.account_id AND c.hidden);

-- name: album_keys
-- The next albums that an account has or had.
-- $1 account_id bigint, $2 after text, $3 number bigint
SELECT CASE WHEN by_list THEN 'list/' ELSE 'name/' END || album COLLATE "C" AS key
FROM album
WHERE account_id = $1 AND CASE WHEN by_list THEN 'list/' ELSE 'name/' END || album COLLATE "C" > $2
UNION
SELECT key FROM search_document WHERE kind = 'album' AND account_id = $1 AND key > $2
ORDER BY key
LIMIT $3;

-- name: playlist_sources
-- Of these lists those that are playlists, have a name, and show.
-- $1 account_ids bigint[], $2 keys text[]
SELECT l.account_id, asked.key, l.name
FROM unnest($1::bigint[], $2::text[]) AS asked (account_id, key)
JOIN plyr_list l ON l.account_id = asked.account_id AND l.rkey = substr(asked.key, 6)
WHERE l.list_type = 'playlist' AND l.name IS NOT NULL
    AND NOT EXISTS (SELECT FROM actor_count c WHERE c.account_id = l.account_id AND c.hidden);

-- name: playlist_keys
-- The next playlists that an account has or had.
-- $1 account_id bigint, $2 after text, $3 number bigint
SELECT 'list/' || rkey COLLATE "C" AS key FROM plyr_list WHERE account_id = $1 AND rkey > substr($2, 6)
UNION
SELECT key FROM search_document WHERE kind = 'playlist' AND account_id = $1 AND key > $2
ORDER BY key
LIMIT $3;

-- name: tag_sources
-- Of these tags those that tracks have.
-- $1 account_ids bigint[], $2 keys text[]
SELECT asked.account_id, asked.key
FROM unnest($1::bigint[], $2::text[]) AS asked (account_id, key)
JOIN tag_count c ON c.tag = asked.key
WHERE c.track_count > 0;

-- name: documents
-- What there is under these keys, to be written anew.
-- $1 kind text, $2 account_ids bigint[], $3 keys text[]
SELECT d.account_id, d.key, d.name, d.alias, d.artist, d.tags,
       tsvector_to_array(ts_filter(d.words, '{a}')) AS named, tsvector_to_array(ts_filter(d.words, '{b}')) AS beside
FROM unnest($2::bigint[], $3::text[]) AS asked (account_id, key)
JOIN search_document d ON d.kind = $1 AND d.account_id = asked.account_id AND d.key = asked.key
ORDER BY d.account_id, d.key
FOR UPDATE OF d;

-- name: drop_documents
-- Those that are not wanted as they are.
-- $1 kind text, $2 account_ids bigint[], $3 keys text[]
DELETE FROM search_document d
USING unnest($2::bigint[], $3::text[]) AS gone (account_id, key)
WHERE d.kind = $1 AND d.account_id = gone.account_id AND d.key = gone.key;

-- name: write_documents
-- New ones, not weighed yet, and others that have changed. Tags are parted by line feeds, which none of them holds.
-- $1 kind text, $2 account_ids bigint[], $3 keys text[], $4 names text[], $5 aliases text[], $6 artists text[], $7 tags text[], $8 words text[]
INSERT INTO search_document (kind, account_id, key, popularity, name, alias, artist, tags, words)
SELECT $1::text, account_id, key, 0, name, alias, artist, string_to_array(tags, E'\n'), words::tsvector
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS new (account_id, key, name, alias, artist, tags, words)
ON CONFLICT (kind, account_id, key) DO UPDATE
SET name = EXCLUDED.name, alias = EXCLUDED.alias, artist = EXCLUDED.artist, tags = EXCLUDED.tags, words = EXCLUDED.words;

-- name: weigh_tracks
-- How much these subjects are liked, where they are tracks: the number of binary digits of their likes.
-- $1 subjects text[]
UPDATE search_document d
SET popularity = length(ltrim(c.like_count::bit(32)::text, '0'))
FROM subject_count c
WHERE c.subject = ANY ($1) AND c.owner <> 0
    AND d.kind = 'track' AND d.account_id = c.owner AND d.key = split_part(c.subject, '/', 5)
    AND d.popularity <> length(ltrim(c.like_count::bit(32)::text, '0'));

-- name: weigh_artists
-- How much these accounts are liked, likewise.
-- $1 account_ids bigint[]
UPDATE search_document d
SET popularity = length(ltrim(coalesce(c.likes_received, 0)::bit(64)::text, '0'))
FROM unnest($1::bigint[]) AS asked (account_id)
LEFT JOIN actor_count c USING (account_id)
WHERE d.kind = 'artist' AND d.account_id = asked.account_id AND d.key = ''
    AND d.popularity <> length(ltrim(coalesce(c.likes_received, 0)::bit(64)::text, '0'));

-- name: weigh_tags
-- How many tracks have these tags, likewise.
-- $1 tags text[]
UPDATE search_document d
SET popularity = length(ltrim(c.track_count::bit(32)::text, '0'))
FROM tag_count c
WHERE c.tag = ANY ($1) AND d.kind = 'tag' AND d.account_id = 0 AND d.key = c.tag
    AND d.popularity <> length(ltrim(c.track_count::bit(32)::text, '0'));

-- name: recount_words
-- Add to the counts of the words that there are; gives the sums.
-- $1 words text[], $2 changes integer[]
WITH held AS MATERIALIZED (
    SELECT w.word FROM search_word w WHERE w.word = ANY ($1) ORDER BY w.word FOR UPDATE
)
UPDATE search_word w
SET documents = w.documents + change.number
FROM unnest($1::text[], $2::integer[]) AS change (word, number)
JOIN held ON held.word = change.word
WHERE w.word = change.word
RETURNING w.word, w.documents;

-- name: add_words
-- Words that were not known, unless somebody else has come to know them meanwhile.
-- $1 words text[], $2 numbers integer[], $3 marks text[]
INSERT INTO search_word AS w (word, documents, marks)
SELECT word, documents, marks::integer[]
FROM unnest($1::text[], $2::integer[], $3::text[]) AS new (word, documents, marks)
ORDER BY word COLLATE "C"
ON CONFLICT (word) DO UPDATE SET documents = w.documents + EXCLUDED.documents;

-- name: drop_words
-- Words whose last document went.
-- $1 words text[]
DELETE FROM search_word WHERE word = ANY ($1) AND documents = 0;

-- name: named_after
-- The next accounts with a handle, in the order of their ids.
-- $1 account_id bigint, $2 number bigint
SELECT account_id FROM identity WHERE handle_valid AND account_id > $1 ORDER BY account_id LIMIT $2;

-- name: clear_documents
-- Nothing can be found.
TRUNCATE search_document;

-- name: clear_words
-- No word is known.
TRUNCATE search_word;
