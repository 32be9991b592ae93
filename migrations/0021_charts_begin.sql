-- The charts of a database that was filled before there were any begin with its next reindex: plays that were never
-- counted can't be taken out of anything. Until then there are no windows, and nothing is counted.
DELETE FROM chart_window
WHERE EXISTS (
    SELECT FROM actor_count c
    WHERE c.scrobble_count > 0 AND NOT c.hidden AND NOT EXISTS (SELECT FROM listener l WHERE l.account_id = c.account_id)
);
