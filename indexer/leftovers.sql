-- name: left_over
-- Accounts whose repo is settled while events wait for it for longer than it takes to settle one.
-- $1 seconds double precision, $2 most bigint
SELECT a.did
FROM account a
JOIN repo r ON r.account_id = a.id
JOIN identity i ON i.account_id = a.id
WHERE r.state = 'synced' AND NOT i.stale AND a.active
  AND a.id IN (
      SELECT b.account_id FROM buffered_event b WHERE b.received_at < now() - $1::double precision * interval '1 second'
  )
ORDER BY a.id
LIMIT $2;

-- name: crowded
-- Repos whose events wait for a fetch or for a document, beyond a bound for all, those that hold least within it: their
-- rows locked, in the order of their ids. What is not forgotten does not count.
-- $1 bytes_max bigint, $2 largest integer
WITH held AS (
    SELECT b.account_id, count(*) AS events, sum(octet_length(b.frame)) AS bytes
    FROM buffered_event b
    WHERE {{may_go(b, $2::integer)}}
    GROUP BY b.account_id
),
summed AS (
    SELECT account_id, stale, events, sum(bytes) OVER (ORDER BY bytes, account_id) AS up_to
    FROM held
    JOIN repo USING (account_id)
    JOIN identity USING (account_id)
    WHERE state <> 'synced' OR stale
)
SELECT r.account_id, s.events, r.state = 'synced' AS synced
FROM summed s
JOIN repo r USING (account_id)
WHERE s.up_to > $1::bigint AND (r.state <> 'synced' OR s.stale)
ORDER BY r.account_id
FOR UPDATE OF r;
