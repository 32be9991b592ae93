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

-- name: rename
-- What most plays call them, how many name them otherwise, and what their names weigh.
-- $1 items integer[], $2 names text[], $3 credits text[], $4 other_plays integer[], $5 weights smallint[]
UPDATE played p
SET name = new.name, credit = new.credit, other_plays = new.other_plays, weight = new.weight
FROM unnest($1::integer[], $2::text[], $3::text[], $4::integer[], $5::smallint[])
    AS new (item, name, credit, other_plays, weight)
WHERE p.id = new.item;

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
