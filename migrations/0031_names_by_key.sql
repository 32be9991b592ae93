-- However many names an item has, a play reads those alone that it gives: each is found by its key, the first of them by
-- an index, and the artists of an item by how many of its names credit them.

-- `key`: the first 16 bytes of the SHA-256 of name, line feed, credit. Of names that as many plays give, the first by
-- this key comes first; what stood in `played` by the former rule stays until the next reindex. (Filled by a change of
-- its type, which writes the table anew instead of every row twice.)
ALTER TABLE played_name ADD COLUMN key uuid;
ALTER TABLE played_name
    ALTER COLUMN key TYPE uuid
        USING encode(substr(sha256(convert_to(name || E'\n' || credit, 'UTF8')), 1, 16), 'hex')::uuid,
    ALTER COLUMN key SET NOT NULL;
DROP INDEX played_name_item;
ALTER TABLE played_name ADD PRIMARY KEY (item, key);

-- By -item: asked for `item`, the planner could read all names of one by the primary key, and sort them.
CREATE INDEX played_name_leading ON played_name ((-item), (name = ''), plays DESC, key);

-- `names`: how many of the item's names credit the artist.
TRUNCATE played_by;
ALTER TABLE played_by ADD COLUMN names integer NOT NULL;
INSERT INTO played_by (artist, kind, item, names)
SELECT a.id, named.kind, named.item, count(*)
FROM (
    SELECT id AS item, kind, credit FROM played WHERE credit <> ''
    UNION ALL
    SELECT n.item, p.kind, n.credit FROM played_name n JOIN played p ON p.id = n.item WHERE n.credit <> ''
) named
CROSS JOIN LATERAL (
    SELECT DISTINCT (each ->> 1)::uuid AS key FROM json_array_elements(named.credit::json) AS each
) credited
JOIN played a ON a.kind = 'artist' AND a.key = credited.key
GROUP BY a.id, named.kind, named.item;
