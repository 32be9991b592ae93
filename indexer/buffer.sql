-- name: next_held
-- The oldest events that wait for a repo, and what kind of host sent each.
-- $1 account_id bigint, $2 slice bigint
SELECT b.id, b.source, b.frame, b.received_at,
       (SELECT s.kind FROM source_cursor s WHERE s.source = b.source AND s.shard = '') AS kind
FROM buffered_event b
WHERE b.account_id = $1
ORDER BY b.id
LIMIT $2;

-- name: delete_held
-- Events that have had their effect.
-- $1 ids bigint[]
DELETE FROM buffered_event WHERE id = ANY ($1::bigint[]);
