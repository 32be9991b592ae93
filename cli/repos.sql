-- name: repos
-- Repos in some state (NULL: any), those with errors first, up to a number; `total` is how many there are.
-- $1 state text, $2 number integer
SELECT a.did, i.handle, r.state, r.rev, i.pds, r.attempts, r.synced_at, r.last_error,
       nullif(r.next_attempt_at, 'infinity') AS next_attempt_at, count(*) OVER () AS total
FROM repo r
JOIN account a ON a.id = r.account_id
JOIN identity i ON i.account_id = r.account_id
WHERE $1::text IS NULL OR r.state = $1::text
ORDER BY r.last_error IS NULL, r.state, a.did
LIMIT $2::integer;
