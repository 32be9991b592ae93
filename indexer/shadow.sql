-- name: set_lock_timeout
-- Wait no longer for a lock in this transaction.
-- $1 timeout text
SELECT set_config('lock_timeout', $1, true);

-- name: look_in_shadow
-- From now on a table's name means the one that is being made.
SET search_path = reindex, public;

-- name: look_in_public
-- In this transaction, and until said otherwise, it means the one that serves.
SET LOCAL search_path = public;

-- name: look_in_shadow_again
-- The same the other way round.
SET LOCAL search_path = reindex, public;

-- name: drop_schema
-- What there is of new tables.
DROP SCHEMA IF EXISTS reindex CASCADE;

-- name: create_schema
-- Where the new tables are made.
CREATE SCHEMA reindex;

-- name: creation
-- The statements that make tables like those that serve: columns, options, checks, keys, indexes under the same names,
-- and who may read them. To be asked, and carried out, while names mean the tables that serve.
-- $1 tables text[]
WITH served AS (
    SELECT c.oid, c.relname, c.reloptions, c.relowner, c.relacl
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1::text[])
)
SELECT statement
FROM (
    SELECT 1 AS step, s.relname AS name,
           format('CREATE TABLE reindex.%I (LIKE public.%I INCLUDING ALL EXCLUDING INDEXES)', s.relname, s.relname)
           || coalesce(' WITH (' || array_to_string(s.reloptions, ', ') || ')', '') AS statement
    FROM served s
    UNION ALL
    SELECT 2, k.conname,
           format('ALTER TABLE reindex.%I ADD CONSTRAINT %I %s', s.relname, k.conname, pg_get_constraintdef(k.oid))
    FROM served s
    JOIN pg_constraint k ON k.conrelid = s.oid AND k.contype IN ('p', 'u', 'x')
    UNION ALL
    SELECT 3, i.indexrelid::regclass::text,
           replace(
               pg_get_indexdef(i.indexrelid), format(' ON public.%I ', s.relname), format(' ON reindex.%I ', s.relname)
           )
    FROM served s
    JOIN pg_index i ON i.indrelid = s.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = s.oid)
    UNION ALL
    SELECT 4, s.relname,
           format('GRANT %s ON reindex.%I TO %s', g.privilege_type, s.relname,
                  CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
    FROM served s
    CROSS JOIN LATERAL aclexplode(s.relacl) AS g
    WHERE g.grantee <> s.relowner
) AS statements
ORDER BY step, name;

-- name: takeover
-- The statements by which new tables take the places of those that serve. The views come first, as they do for readers,
-- those that read others before these, and mean the new tables from then on; they keep their grants. The new tables get
-- the triggers of the old ones, and whoever keeps answers is told that all may have changed. To be asked while names mean
-- the tables that serve, to be carried out while they mean the new ones. An old table on which something
-- still depends refuses to go, and all stays as it was.
-- $1 tables text[]
WITH RECURSIVE served AS (
    SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1::text[])
),
readers AS (
    SELECT DISTINCT v.oid, v.relname, v.reloptions
    FROM served s
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite w ON w.oid = d.objid
    JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'v'
),
uses AS (
    SELECT DISTINCT w.ev_class AS reading, d.refobjid AS read
    FROM pg_rewrite w
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
    WHERE d.refobjid <> w.ev_class
),
levels AS (
    SELECT oid, 0 AS level FROM readers
    UNION
    SELECT uses.read, levels.level + 1 FROM levels JOIN uses ON uses.reading = levels.oid
)
SELECT statement
FROM (
    SELECT 1 AS step, (SELECT max(level) FROM levels l WHERE l.oid = v.oid) AS level, v.relname AS name,
           format('CREATE OR REPLACE VIEW public.%I ', v.relname)
           || coalesce('WITH (' || array_to_string(v.reloptions, ', ') || ') ', '')
           || 'AS ' || pg_get_viewdef(v.oid) AS statement
    FROM readers v
    UNION ALL
    SELECT 2, 0, '', 'CREATE SCHEMA reindex_old'
    UNION ALL
    SELECT 3, 0, s.relname, format('ALTER TABLE public.%I SET SCHEMA reindex_old', s.relname) FROM served s
    UNION ALL
    SELECT 4, 0, s.relname, format('ALTER TABLE reindex.%I SET SCHEMA public', s.relname) FROM served s
    UNION ALL
    SELECT 5, 0, g.tgname, pg_get_triggerdef(g.oid)
    FROM served s
    JOIN pg_trigger g ON g.tgrelid = s.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 6, 0, s.relname, format('DROP TABLE reindex_old.%I', s.relname) FROM served s
    UNION ALL
    SELECT 7, 0, '', 'DROP SCHEMA reindex_old, reindex'
    UNION ALL
    SELECT 8, 0, '', 'NOTIFY plyr_shown'
) AS statements
ORDER BY step, level, name;

-- name: claims
-- The statements by which all these tables are kept from maintenance, which would hold up the takeover; reads and
-- writes go on.
-- $1 tables text[]
SELECT format('LOCK TABLE %I.%I IN SHARE UPDATE EXCLUSIVE MODE', place, name)
FROM unnest($1::text[]) AS name
CROSS JOIN unnest(ARRAY['public', 'reindex']) AS place
ORDER BY name, place;

-- name: analyze
-- The statements that tell the planner what is in the new tables.
-- $1 tables text[]
SELECT format('ANALYZE reindex.%I', name) FROM unnest($1::text[]) AS name ORDER BY name;
