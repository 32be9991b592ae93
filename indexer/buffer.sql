-- name: next_held
-- The oldest events behind one that wait for a repo, all or only the reports of the account; and what kind of host sent
-- each.
-- $1 account_id bigint, $2 last bigint, $3 everything boolean, $4 slice bigint
SELECT b.id, b.source, b.frame, b.received_at,
       (SELECT s.kind FROM source_cursor s WHERE s.source = b.source AND s.shard = '') AS kind
FROM buffered_event b
WHERE b.account_id = $1 AND b.id > $2
  AND ($3::boolean OR {{is_report(b.frame)}})
ORDER BY b.id
LIMIT $4;

-- name: delete_held
-- Events that have had their effect.
-- $1 ids bigint[]
DELETE FROM buffered_event WHERE id = ANY ($1::bigint[]);
