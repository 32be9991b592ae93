-- Played music by the beginning of its name, as it is compared (see 0019).
CREATE INDEX played_by_beginning ON played (
    kind, (left(lower(normalize(name, NFKC) COLLATE "default"), 60) COLLATE "C"), plays DESC
);

CREATE OR REPLACE VIEW visible_played_name AS
SELECT id, kind, plays, lower(normalize(name, NFKC) COLLATE "default") AS name,
       hashtextextended(lower(normalize(name, NFKC) COLLATE "default"), 0) AS name_hash,
       left(lower(normalize(name, NFKC) COLLATE "default"), 60) COLLATE "C" AS beginning
FROM played;
