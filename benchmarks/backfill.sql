-- name: synced_repos
-- How many repos are done.
SELECT count(*) FROM repo WHERE state = 'synced';
