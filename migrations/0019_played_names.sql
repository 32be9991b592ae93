-- Played music by its name, as far as case, compatibility characters and spaces around it go (a name is collated by
-- bytes, which would fold ASCII alone). A hash stands for it, since names may be longer than an index holds.
CREATE INDEX played_by_name ON played (
    kind, hashtextextended(lower(normalize(name, NFKC) COLLATE "default"), 0), plays DESC, id
);

CREATE VIEW visible_played_name AS
SELECT id, kind, plays, lower(normalize(name, NFKC) COLLATE "default") AS name,
       hashtextextended(lower(normalize(name, NFKC) COLLATE "default"), 0) AS name_hash
FROM played;
