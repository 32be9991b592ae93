-- name: other_names
-- How else items are named.
-- $1 items integer[]
SELECT item, plays, name, credit FROM played_name WHERE item = ANY ($1);

-- name: drop_names
-- Nobody names them so any more.
-- $1 items integer[], $2 names text[], $3 credits text[]
DELETE FROM played_name n
USING unnest($1::integer[], $2::text[], $3::text[]) AS gone (item, name, credit)
WHERE n.item = gone.item AND n.name = gone.name AND n.credit = gone.credit;

-- name: count_names
-- So many plays name them so.
-- $1 items integer[], $2 names text[], $3 credits text[], $4 plays integer[]
UPDATE played_name n
SET plays = new.plays
FROM unnest($1::integer[], $2::text[], $3::text[], $4::integer[]) AS new (item, name, credit, plays)
WHERE n.item = new.item AND n.name = new.name AND n.credit = new.credit;

-- name: weigh
-- How many plays name them otherwise, and what their names weigh.
-- $1 items integer[], $2 other_plays integer[], $3 weights smallint[]
UPDATE played p
SET other_plays = new.other_plays, weight = new.weight
FROM unnest($1::integer[], $2::integer[], $3::smallint[]) AS new (item, other_plays, weight)
WHERE p.id = new.item;

-- name: rename
-- What most plays call them, and by which words they are found. Gives the words by which they were.
-- $1 items integer[], $2 names text[], $3 credits text[], $4 squeezed text[], $5 words text[]
UPDATE played p
SET name = new.name, credit = new.credit, squeezed = new.squeezed, words = new.words::tsvector
FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[]) AS new (item, name, credit, squeezed, words)
JOIN played old ON old.id = new.item
WHERE p.id = new.item
RETURNING tsvector_to_array(old.words) AS before;

-- name: link
-- Put recordings and releases to the artists that any of their names credits, and to no others.
-- $1 items integer[]
WITH said AS (
    SELECT p.id AS item, p.kind, p.credit FROM played p WHERE p.id = ANY ($1::integer[]) AND p.credit <> ''
    UNION ALL
    SELECT p.id, p.kind, n.credit
    FROM played_name n
    JOIN played p ON p.id = n.item
    WHERE n.item = ANY ($1::integer[]) AND n.credit <> ''
),
wanted AS MATERIALIZED (
    SELECT DISTINCT a.id AS artist, s.kind, s.item
    FROM said s
    CROSS JOIN LATERAL json_array_elements(s.credit::json) AS each
    JOIN played a ON a.kind = 'artist' AND a.key = (each ->> 1)::uuid
),
gone AS (
    DELETE FROM played_by b
    WHERE b.item = ANY ($1::integer[]) AND NOT EXISTS (SELECT FROM wanted w WHERE w.artist = b.artist AND w.item = b.item)
)
INSERT INTO played_by (artist, kind, item)
SELECT artist, kind, item FROM wanted
ON CONFLICT DO NOTHING;
