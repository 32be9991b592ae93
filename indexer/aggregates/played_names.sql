-- name: count_names
-- Add to the plays that name them so. Gives how many do now.
-- $1 items integer[], $2 keys uuid[], $3 names text[], $4 credits text[], $5 plays integer[]
INSERT INTO played_name AS n (item, key, name, credit, plays)
SELECT * FROM unnest($1::integer[], $2::uuid[], $3::text[], $4::text[], $5::integer[])
ON CONFLICT (item, key) DO UPDATE SET plays = n.plays + EXCLUDED.plays
RETURNING item, name, credit, plays;

-- name: leading
-- Which of their other names is given most, as `best` has it; one that is to go comes behind the other names.
-- $1 items integer[]
SELECT w.item, n.name, n.credit, n.plays
FROM unnest($1::integer[]) AS w (item)
CROSS JOIN LATERAL (
    SELECT n.name, n.credit, n.plays
    FROM played_name n
    WHERE -n.item = -w.item AND n.plays > 0
    ORDER BY (n.name = ''), n.plays DESC, n.key
    LIMIT 1
) n;

-- name: drop_names
-- Nobody names them so any more, or most do. Row by row (LATERAL, OFFSET 0): a plan that was made when there were few
-- would read them all.
-- $1 items integer[], $2 keys uuid[]
DELETE FROM played_name n
USING unnest($1::integer[], $2::uuid[]) AS gone (item, key)
CROSS JOIN LATERAL (
    SELECT h.ctid FROM played_name h WHERE h.item = gone.item AND h.key = gone.key OFFSET 0
) had
WHERE n.ctid = had.ctid;

-- name: weigh
-- How many plays name them otherwise, and what their names weigh.
-- $1 items integer[], $2 other_plays integer[], $3 weights smallint[]
UPDATE played p
SET other_plays = new.other_plays, weight = new.weight
FROM unnest($1::integer[], $2::integer[], $3::smallint[]) AS new (item, other_plays, weight)
WHERE p.id = new.item;

-- name: rename
-- What most plays call them, and by which words they are found. Gives the words by which they were.
-- $1 items integer[], $2 names text[], $3 credits text[], $4 hashes bigint[], $5 squeezed text[], $6 words text[]
UPDATE played p
SET name = new.name, credit = new.credit, name_hash = new.name_hash, squeezed = new.squeezed, words = new.words::tsvector
FROM unnest($1::integer[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
    AS new (item, name, credit, name_hash, squeezed, words)
JOIN played old ON old.id = new.item
WHERE p.id = new.item
RETURNING tsvector_to_array(old.words) AS before;

-- name: link
-- So many more of the names of recordings and releases credit artists.
-- $1 artists integer[], $2 kinds text[], $3 items integer[], $4 names integer[]
INSERT INTO played_by AS b (artist, kind, item, names)
SELECT artist, kind::played_kind, item, names
FROM unnest($1::integer[], $2::text[], $3::integer[], $4::integer[]) AS d (artist, kind, item, names)
ON CONFLICT (artist, kind, item) DO UPDATE SET names = b.names + EXCLUDED.names;

-- name: unlink
-- Those that no name puts to artists any more. Row by row, as `drop_names`.
-- $1 artists integer[], $2 kinds text[], $3 items integer[]
DELETE FROM played_by b
USING unnest($1::integer[], $2::text[], $3::integer[]) AS gone (artist, kind, item)
CROSS JOIN LATERAL (
    SELECT h.ctid
    FROM played_by h
    WHERE h.artist = gone.artist AND h.kind = gone.kind::played_kind AND h.item = gone.item AND h.names = 0
    OFFSET 0
) had
WHERE b.ctid = had.ctid;
