-- Played music by its name, as names are compared (protocol/played.py, `name_hash`), which Postgres does not do by itself:
-- it folds no case. What is filled in here comes near; what is compared otherwise (Cherokee, ligatures) is found by its
-- name from the next reindex on.
DROP VIEW visible_played_name;
DROP INDEX played_by_name;

-- `name_hash`: the first 64 bits of the SHA-256 of that form; NULL of what has no name. (Filled by a change of its type, as
-- in 0031.)
ALTER TABLE played ADD COLUMN name_hash bigint;
ALTER TABLE played
    ALTER COLUMN name_hash TYPE bigint
        USING ('x' || encode(substr(sha256(convert_to(
            nullif(btrim(regexp_replace(
                replace(replace(lower(normalize(name, NFKC) COLLATE "default"), 'ß', 'ss'), 'ς', 'σ'), '\s+', ' ', 'g'
            )), ''),
            'UTF8'
        )), 1, 8), 'hex'))::bit(64)::bigint;
CREATE INDEX played_by_name ON played (kind, name_hash, weight DESC);

CREATE VIEW visible_played_name AS
SELECT p.id, p.kind, t.plays, p.weight, p.name_hash
FROM played p
JOIN played_total t ON t.item = p.id AND t.kind = p.kind;
