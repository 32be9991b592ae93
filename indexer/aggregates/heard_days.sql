-- name: add_to_tracks
-- Add to what stands there; gives the rows of which nothing is left.
-- $1 subjects text[], $2 days date[], $3 plays integer[]
WITH added AS (
    INSERT INTO heard_day AS d (subject, day, plays)
    SELECT * FROM unnest($1::text[], $2::date[], $3::integer[]) AS change (subject, day, plays)
    ORDER BY subject COLLATE "C", day
    ON CONFLICT (subject, day) DO UPDATE SET plays = d.plays + EXCLUDED.plays
    RETURNING subject, day, plays
)
SELECT subject, day FROM added WHERE plays = 0;

-- name: drop_tracks
-- Days on which nobody played a track.
-- $1 subjects text[], $2 days date[]
DELETE FROM heard_day d
USING unnest($1::text[], $2::date[]) AS gone (subject, day)
WHERE d.subject = gone.subject AND d.day = gone.day AND d.plays = 0;

-- name: add_to_listeners
-- Add to what stands there; gives the sums.
-- $1 account_ids bigint[], $2 days date[], $3 plays integer[]
INSERT INTO listener_day AS d (account_id, day, plays)
SELECT * FROM unnest($1::bigint[], $2::date[], $3::integer[]) AS change (account_id, day, plays)
ORDER BY account_id, day
ON CONFLICT (account_id, day) DO UPDATE SET plays = d.plays + EXCLUDED.plays
RETURNING account_id, day, plays;

-- name: drop_listeners
-- Days on which somebody played no track.
-- $1 account_ids bigint[], $2 days date[]
DELETE FROM listener_day d
USING unnest($1::bigint[], $2::date[]) AS gone (account_id, day)
WHERE d.account_id = gone.account_id AND d.day = gone.day AND d.plays = 0;

-- name: add_to_totals
-- Add to the totals, slot by slot; gives the rows of which nothing is left.
-- $1 days date[], $2 slots smallint[], $3 plays bigint[], $4 listeners bigint[]
WITH added AS (
    INSERT INTO heard_total_day AS d (day, slot, plays, listeners)
    SELECT * FROM unnest($1::date[], $2::smallint[], $3::bigint[], $4::bigint[]) AS change (day, slot, plays, listeners)
    ORDER BY day, slot
    ON CONFLICT (day, slot) DO UPDATE
    SET plays = d.plays + EXCLUDED.plays, listeners = d.listeners + EXCLUDED.listeners
    RETURNING day, slot, plays, listeners
)
SELECT day, slot FROM added WHERE plays = 0 AND listeners = 0;

-- name: drop_totals
-- Days on which nobody played any track.
-- $1 days date[], $2 slots smallint[]
DELETE FROM heard_total_day d
USING unnest($1::date[], $2::smallint[]) AS gone (day, slot)
WHERE d.day = gone.day AND d.slot = gone.slot AND d.plays = 0 AND d.listeners = 0;

-- name: clear
-- Nobody has played any track on any day.
TRUNCATE heard_day, listener_day, heard_total_day;
