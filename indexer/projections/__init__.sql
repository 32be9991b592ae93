-- name: records_after
-- The next raw records in the order of their keys, as long as those before them are not too many bytes.
-- $1 account_id bigint, $2 collection text, $3 rkey text, $4 collections text[], $5 number bigint, $6 size bigint
SELECT r.account_id, r.collection, r.rkey, a.did, r.cid, r.rev, r.indexed_at, r.invalid, r.unsigned, r.value
FROM (
    SELECT *, sum(octet_length(value)) OVER (
        ORDER BY account_id, collection, rkey ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM record
    WHERE (account_id, collection, rkey) > ($1, $2, $3) AND collection = ANY ($4)
    ORDER BY account_id, collection, rkey
    LIMIT $5
) AS r
JOIN account a ON a.id = r.account_id
WHERE r.before IS NULL OR r.before < $6::bigint
ORDER BY r.account_id, r.collection, r.rkey;
