-- name: sources
-- How far each source has been read, and how old its last event was then or is now [s].
SELECT source, shard, kind, seq, event_time, updated_at,
       extract(epoch FROM now() - event_time)::double precision AS lag
FROM source_cursor
ORDER BY updated_at DESC;

-- name: repos
-- How many repos are in each state.
SELECT state, count(*) AS repos FROM repo GROUP BY state ORDER BY state;

-- name: queue
-- What is to be done: repos due now and later, identities to be resolved, events that wait for either.
SELECT (SELECT count(*) FROM repo
        WHERE state IN ('pending', 'desynchronized', 'error', 'inactive') AND next_attempt_at <= now()) AS due,
       (SELECT count(*) FROM repo
        WHERE state IN ('pending', 'desynchronized', 'error', 'inactive')
            AND next_attempt_at > now() AND next_attempt_at < 'infinity') AS later,
       (SELECT count(*) FROM identity WHERE stale) AS identities,
       (SELECT count(*) FROM buffered_event) AS events;

-- name: letters
-- What was set aside, by reason.
SELECT reason, count(*) AS records, max(created_at) AS last FROM dead_letter GROUP BY reason ORDER BY reason;

-- name: gaps
-- Events that may have been missed, and whose absence was not made good yet.
SELECT source, reason, noted_at FROM stream_gap WHERE healed_at IS NULL ORDER BY noted_at;
