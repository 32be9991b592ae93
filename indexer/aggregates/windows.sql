-- name: hold
-- Keep the edges of all windows where they are until the transaction ends.
SELECT pg_advisory_xact_lock_shared(hashtext('plyr-appview chart windows'));

-- name: set_patience
-- Wait no longer for a lock in this transaction.
-- $1 timeout text
SELECT set_config('lock_timeout', $1, true);

-- name: hold_alone
-- Wait for all who count by windows, and keep others waiting until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('plyr-appview chart windows'));

-- name: edges
-- Where the windows begin.
SELECT days, since FROM chart_window;

-- name: move
-- A window begins somewhere else.
-- $1 days smallint, $2 since timestamptz
UPDATE chart_window SET since = $2 WHERE days = $1;

-- name: copy
-- Windows as they are in the tables that serve, which may be these; where none are, those that end today.
-- $1 windows smallint[]
INSERT INTO chart_window (days, since)
SELECT days, coalesce(w.since, date_trunc('day', now(), 'UTC') - days * interval '1 day')
FROM unnest($1::smallint[]) AS days
LEFT JOIN public.chart_window w USING (days)
ON CONFLICT (days) DO NOTHING;

-- name: serving
-- Where the windows begin in the tables that serve.
SELECT days, since FROM public.chart_window;
