-- name: be_the_only_one
-- Whether nobody else reindexes; nobody will as long as this session lasts.
SELECT pg_try_advisory_lock(hashtext('plyr-appview reindex'));

-- name: listen
-- From now on the triggers note what changes.
SELECT pg_advisory_lock(hashtext('plyr-appview reindex listens'));

-- name: forget_changes
-- What a former attempt left.
DELETE FROM reindex_change;

-- name: forget_verdicts
-- What a former attempt left.
DELETE FROM reindex_verdict;

-- name: note_inserts
-- Note new records; of one that is written over an old one this sees nothing.
CREATE OR REPLACE TRIGGER reindex_inserts AFTER INSERT ON record
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_records();

-- name: note_updates
-- Note records that are written over.
CREATE OR REPLACE TRIGGER reindex_updates AFTER UPDATE ON record
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_records();

-- name: note_deletes
-- Note records that go.
CREATE OR REPLACE TRIGGER reindex_deletes AFTER DELETE ON record
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_records();

-- name: note_hiding
-- Note accounts that something comes to hide.
CREATE OR REPLACE TRIGGER reindex_inserts AFTER INSERT ON visibility
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_visibility();

-- name: note_rehiding
-- Note accounts that something hides otherwise.
CREATE OR REPLACE TRIGGER reindex_updates AFTER UPDATE ON visibility
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_visibility();

-- name: note_showing
-- Note accounts that something ceases to hide.
CREATE OR REPLACE TRIGGER reindex_deletes AFTER DELETE ON visibility
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_visibility();

-- name: note_naming
-- Note accounts whose handle comes to count, or ceases to.
CREATE OR REPLACE TRIGGER reindex_updates AFTER UPDATE ON identity
FOR EACH ROW WHEN ((OLD.handle, OLD.handle_valid) IS DISTINCT FROM (NEW.handle, NEW.handle_valid))
EXECUTE FUNCTION note_changed_handle();

-- name: stop_noting_inserts
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_inserts ON record;

-- name: stop_noting_updates
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_updates ON record;

-- name: stop_noting_deletes
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_deletes ON record;

-- name: stop_noting_hiding
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_inserts ON visibility;

-- name: stop_noting_rehiding
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_updates ON visibility;

-- name: stop_noting_showing
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_deletes ON visibility;

-- name: stop_noting_naming
-- The trigger goes.
DROP TRIGGER IF EXISTS reindex_updates ON identity;

-- name: stop_writers
-- All who write accounts begin with the rows of their repos: this waits for those under way, and keeps others waiting.
LOCK TABLE repo IN EXCLUSIVE MODE;

-- name: hold_sources
-- Nor may anybody else change what the new tables were made of.
LOCK TABLE record, visibility, identity IN SHARE ROW EXCLUSIVE MODE;

-- name: count_records
-- How much there is to do.
-- $1 collections text[]
SELECT count(*) FROM record WHERE collection = ANY ($1);

-- name: next_changes
-- The first changes that were not followed yet.
-- $1 number integer
SELECT id, account_id, collection, rkey FROM reindex_change ORDER BY id LIMIT $1::integer;

-- name: changes_followed
-- Changes that were followed.
-- $1 ids bigint[]
DELETE FROM reindex_change WHERE id = ANY ($1);

-- name: records_at
-- Raw records as they are now, by key.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[]
SELECT r.account_id, r.collection, r.rkey, a.did, r.cid, r.rev, r.indexed_at, r.invalid, r.unsigned, r.value
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS key (account_id, collection, rkey)
JOIN record r ON r.account_id = key.account_id AND r.collection = key.collection AND r.rkey = key.rkey
JOIN account a ON a.id = r.account_id;

-- name: shown
-- Those of some accounts that show.
-- $1 account_ids bigint[]
SELECT id FROM visible_account WHERE id = ANY ($1);

-- name: drop_verdicts
-- What was found of records before.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[]
DELETE FROM reindex_verdict v
USING unnest($1::bigint[], $2::text[], $3::text[]) AS key (account_id, collection, rkey)
WHERE v.account_id = key.account_id AND v.collection = key.collection AND v.rkey = key.rkey;

-- name: set_verdicts
-- Records whose validity is another than `record` says.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[], $4 invalids text[]
INSERT INTO reindex_verdict (account_id, collection, rkey, invalid)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]);

-- name: carry_out_verdicts
-- The raw records say what was found.
UPDATE record r
SET invalid = v.invalid
FROM reindex_verdict v
WHERE r.account_id = v.account_id AND r.collection = v.collection AND r.rkey = v.rkey;
