-- name: read_by_views
-- For each view meant for reading: the tables that it reads, itself or through others, and whether all of them tell of
-- their changes. Those that the service reads for itself are of columns of which no trigger tells (see `migrations`).
WITH RECURSIVE uses AS (
    SELECT DISTINCT w.ev_class AS reading, d.refobjid AS read
    FROM pg_rewrite w
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
    WHERE d.refobjid <> w.ev_class
),
reached AS (
    SELECT v.oid AS view, u.read
    FROM pg_class v
    JOIN uses u ON u.reading = v.oid
    WHERE v.relkind = 'v' AND v.relname ^@ 'visible_' AND v.relnamespace = current_schema()::regnamespace
    UNION
    SELECT r.view, u.read FROM reached r JOIN uses u ON u.reading = r.read
)
SELECT r.view::regclass::text AS view, array_agg(t.relname::text) AS tables,
       bool_and(EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgname = 'shown'))
       AND r.view NOT IN (
           'visible_issuer'::regclass, 'visible_schema'::regclass, 'visible_source'::regclass
       ) AS told
FROM reached r
JOIN pg_class t ON t.oid = r.read AND t.relkind IN ('r', 'p')
GROUP BY r.view;

-- name: answer_me
-- Whether the server is still there.
SELECT 1;
