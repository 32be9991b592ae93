-- name: lock
-- One migrator at a time.
SELECT pg_advisory_lock(hashtext('plyr-appview migrations'));

-- name: unlock
-- Let the next one.
SELECT pg_advisory_unlock(hashtext('plyr-appview migrations'));

-- name: create_ledger
-- The table of what was applied.
CREATE TABLE IF NOT EXISTS migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_ledger
-- Whether anything was ever applied.
SELECT to_regclass('migration') IS NOT NULL;

-- name: ledger
-- What was applied.
SELECT number, name, checksum FROM migration;

-- name: record
-- One more applied.
-- $1 number int, $2 name text, $3 checksum text
INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3);

-- name: create_reader_role
-- The role whose sessions may only read the views meant for reading.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plyr_reader') THEN
        CREATE ROLE plyr_reader NOLOGIN;
    END IF;
    EXECUTE format('GRANT plyr_reader TO %I', current_user);
END
$$;

-- name: grant_reader
-- Let the reader's role, if there is one, see the views meant for reading and nothing else.
DO $$
DECLARE
    visible text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'plyr_reader') THEN
        FOR visible IN
            SELECT relname FROM pg_class
            WHERE relkind = 'v' AND relname ^@ 'visible_' AND relnamespace = current_schema()::regnamespace
        LOOP
            EXECUTE format('GRANT SELECT ON %I TO plyr_reader', visible);
        END LOOP;
    END IF;
END
$$;
