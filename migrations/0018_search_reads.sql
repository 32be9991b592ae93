-- Search: what is read of it.

-- The number of binary digits of `documents`, which seldom changes: the commonest words that begin with two characters
-- are found without looking at all of them, and a count that changes still finds its place on the same page.
ALTER TABLE search_word
    ADD COLUMN weight smallint NOT NULL GENERATED ALWAYS AS (length(ltrim(documents::bit(32)::text, '0'))) STORED;
CREATE INDEX search_word_beginning ON search_word (substr(word, 1, 2), weight DESC, word);

CREATE INDEX search_document_albums ON search_document USING gin (words) WITH (fastupdate = off) WHERE kind = 'album';
CREATE INDEX search_document_playlists ON search_document USING gin (words) WITH (fastupdate = off) WHERE kind = 'playlist';
CREATE INDEX search_document_tags ON search_document USING gin (words) WITH (fastupdate = off) WHERE kind = 'tag';

CREATE OR REPLACE VIEW visible_word AS
SELECT documents, word, marks, weight FROM search_word;

-- A list's key is 'list/' and the record's. What is asked row by row, see 0010.
CREATE OR REPLACE VIEW visible_document AS
SELECT d.*
FROM search_document d
WHERE NOT coalesce((
    SELECT true FROM visibility v WHERE v.account_id = d.account_id AND v.subject = '' AND v.hides_list LIMIT 1
), false)
AND NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = d.account_id AND v.hides_list
        AND v.subject = CASE WHEN d.kind = 'track' THEN 'fm.plyr.track/' ELSE 'fm.plyr.' END || d.key
    LIMIT 1
), false);
