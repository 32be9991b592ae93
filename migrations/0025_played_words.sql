-- Played music is found as all else is: by the words of its name and of its artists', and by the words near these.
--
-- `squeezed` is the name as names are compared, `words` holds those of the name with weight A, those of its artists with B.
-- NULL of what was there before there were any, which the next reindex finds.
DROP VIEW visible_played_name;
DROP INDEX played_by_beginning;

ALTER TABLE played ADD COLUMN squeezed text COLLATE "C", ADD COLUMN words tsvector;
CREATE INDEX played_by_squeezed ON played (kind, squeezed, weight DESC);
-- One for each kind, as of search documents.
CREATE INDEX played_artists ON played USING gin (words) WITH (fastupdate = off) WHERE kind = 'artist';
CREATE INDEX played_releases ON played USING gin (words) WITH (fastupdate = off) WHERE kind = 'release';
CREATE INDEX played_recordings ON played USING gin (words) WITH (fastupdate = off) WHERE kind = 'recording';

-- Every word of these, as in search_word, which what is played must not drown. `documents`: how many items have it.
CREATE TABLE played_word (
    documents integer NOT NULL,
    weight    smallint NOT NULL GENERATED ALWAYS AS (length(ltrim(documents::bit(32)::text, '0'))) STORED,
    word      text COLLATE "C" PRIMARY KEY,
    marks     integer[] NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX played_word_marks ON played_word USING gin (marks) WITH (fastupdate = off);
CREATE INDEX played_word_beginning ON played_word (substr(word, 1, 2), weight DESC, word);

CREATE VIEW visible_played_name AS
SELECT p.id, p.kind, t.plays, p.weight, lower(normalize(p.name, NFKC) COLLATE "default") AS name,
       hashtextextended(lower(normalize(p.name, NFKC) COLLATE "default"), 0) AS name_hash
FROM played p
JOIN played_total t ON t.item = p.id AND t.kind = p.kind;

-- What hidden accounts alone have played is not there, and neither are its words.
CREATE VIEW visible_played_document AS SELECT id, kind, weight, squeezed AS name, words FROM played;
CREATE VIEW visible_played_word AS SELECT documents, word, marks, weight FROM played_word;
