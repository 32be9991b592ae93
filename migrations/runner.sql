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

-- name: watch_what_shows
-- Have every table that a view meant for reading reads tell of its changes: of rows that come and go, and of the columns
-- that are read. What the service reads for itself alone, who signs in and how far the indexer is, shows in no answer.
DO $$
DECLARE
    command text;
BEGIN
    IF to_regproc('note_shown') IS NOT NULL THEN
        FOR command IN
            SELECT format(
                'CREATE OR REPLACE TRIGGER shown AFTER INSERT OR DELETE OR TRUNCATE%s ON %I EXECUTE FUNCTION note_shown()',
                ' OR UPDATE OF ' || string_agg(DISTINCT format('%I', a.attname), ', '), t.relname
            )
            FROM pg_class v
            JOIN pg_rewrite w ON w.ev_class = v.oid
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p') AND t.relnamespace = v.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
            WHERE v.relkind = 'v' AND v.relname ^@ 'visible_' AND v.relnamespace = current_schema()::regnamespace
                AND v.relname NOT IN ('visible_issuer', 'visible_schema', 'visible_source')
            GROUP BY t.relname
        LOOP
            EXECUTE command;
        END LOOP;
    END IF;
END
$$;

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
