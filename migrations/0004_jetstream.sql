-- What an unsigned source asks for: how far a repo has followed it beyond its verified head, and since when that waits
-- to be confirmed by its host. Both are NULL when everything that is stored of the repo is verified.

ALTER TABLE repo
    ADD COLUMN unsigned_rev   text COLLATE "C",
    ADD COLUMN unsigned_since timestamptz;
CREATE INDEX repo_unconfirmed ON repo (unsigned_since) WHERE state = 'synced' AND unsigned_since IS NOT NULL;
CREATE INDEX record_unsigned ON record (account_id) WHERE unsigned;

-- The cursor of a Jetstream is a time: microseconds since 1970.
ALTER TABLE source_cursor
    DROP CONSTRAINT source_cursor_kind_check,
    ADD CONSTRAINT source_cursor_kind_check CHECK (kind IN ('relay', 'pds', 'jetstream'));
