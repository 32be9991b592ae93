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
    SELECT b.account_id, sum(octet_length(b.frame)) AS bytes
    FROM buffered_event b
    WHERE {{may_go(b, $2::integer)}}
    GROUP BY b.account_id
),
summed AS (
    SELECT account_id, sum(bytes) OVER (ORDER BY bytes, account_id) AS up_to
    FROM held
    JOIN repo USING (account_id)
    JOIN identity USING (account_id)
    WHERE state <> 'synced' OR stale
)
SELECT r.account_id
FROM summed s
JOIN repo r USING (account_id)
WHERE s.up_to > $1::bigint
ORDER BY r.account_id
FOR UPDATE OF r;

-- name: still_crowded
-- Those of some repos for which events wait, how many, and whether for a document alone. Their rows are locked by a
-- statement before: whoever had them may have settled them.
-- $1 account_ids bigint[], $2 largest integer
SELECT r.account_id, count(*) AS events, r.state = 'synced' AS synced
FROM repo r
JOIN identity i USING (account_id)
JOIN buffered_event b USING (account_id)
WHERE r.account_id = ANY ($1::bigint[]) AND (r.state <> 'synced' OR i.stale) AND {{may_go(b, $2::integer)}}
GROUP BY r.account_id
ORDER BY r.account_id;
