-- name: was_subscribed
-- Whether a subscription has ever stood.
SELECT EXISTS (SELECT FROM source_cursor);

-- name: repos_by_state
-- How many repos are in each state.
SELECT state, count(*) AS repos FROM repo GROUP BY state;
