-- Search: what can be found, and the words by which it is found. A function of what it is made of, the counts and who
-- is visible; nothing hidden stands here.

-- `kind` and (account_id, key) say what is found: a track by its rkey, an artist by ''. `name` and `alias` (of an artist: its handle) are compared as a whole, without
-- spaces; `words` holds those of the name with weight A, others with B. `popularity` rises by one when likes double.
CREATE TABLE search_document (
    account_id bigint NOT NULL,
    popularity smallint NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    alias      text COLLATE "C",
    artist     text COLLATE "C", -- of a track
    tags       text[] COLLATE "C" NOT NULL,
    words      tsvector NOT NULL,
    PRIMARY KEY (kind, account_id, key)
);
CREATE INDEX search_document_name ON search_document (kind, name, popularity DESC);
CREATE INDEX search_document_alias ON search_document (kind, alias) WHERE alias IS NOT NULL;
CREATE INDEX search_document_popular ON search_document (kind, popularity DESC, account_id, key);
-- One for each kind: a word that is common among tracks may be rare among artists.
CREATE INDEX search_document_tracks ON search_document USING gin (words) WITH (fastupdate = off) WHERE kind = 'track';
CREATE INDEX search_document_artists ON search_document USING gin (words) WITH (fastupdate = off) WHERE kind = 'artist';

-- Every word of a document. `marks`: hashes by which words near it, and words within it, lead to it.
CREATE TABLE search_word (
    documents integer NOT NULL,
    word      text COLLATE "C" PRIMARY KEY,
    marks     integer[] NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX search_word_marks ON search_word USING gin (marks) WITH (fastupdate = off);

CREATE VIEW visible_document AS
SELECT d.*
FROM search_document d
WHERE NOT EXISTS (
    SELECT FROM visibility v
    WHERE v.account_id = d.account_id AND v.hides_list
        AND (v.subject = '' OR d.kind = 'track' AND v.subject = 'fm.plyr.track/' || d.key)
);

-- Words hold nothing that can be hidden.
CREATE VIEW visible_word AS SELECT * FROM search_word;

-- While a reindex works, a handle that comes or goes is noted like an account that shows or ceases to.
CREATE FUNCTION note_changed_handle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) VALUES (NEW.account_id, '', '');
    END IF;
    RETURN NULL;
END
$$;
