-- name: add_trigrams
-- What the baseline measures likeness by.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- name: index_trigrams
-- What the baseline searches by.
CREATE INDEX library_trigrams ON plyr_track USING gin (title gin_trgm_ops);

-- name: vacuum
-- The state of a database that has run for a while.
VACUUM (ANALYZE);

-- name: by_trigrams
-- The baseline: titles that share trigrams with a text, those first that are most like it.
-- $1 text text, $2 limit bigint
SELECT title FROM plyr_track WHERE title % $1 ORDER BY similarity(title, $1) DESC, uri LIMIT $2;

-- name: some_titles
-- Titles of some tracks, in no order.
-- $1 limit bigint
SELECT title FROM plyr_track WHERE length(title) >= 8 ORDER BY md5(uri) LIMIT $1;

-- name: word_count
-- How many words are known.
SELECT count(*) FROM search_word;
