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
