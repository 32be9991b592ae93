-- name: records
-- Records as they stand in their repos.
-- $1 dids text[], $2 collections text[], $3 rkeys text[]
SELECT r.did, r.rkey, r.cid, r.value, asked.place
FROM {{asked_records($1, $2, $3)}}
JOIN visible_record r
    ON r.account_id = {{account_id(asked.did)}}
    AND r.collection = {{indexed_name(asked.collection)}}
    AND r.rkey = asked.rkey;

-- name: newest_records
-- Records of a collection, those with the highest keys first, and how many were found: of these the first that are so
-- large together. No row: no such account; one without a record: it has none.
-- $1 repo text, $2 collection text, $3 rkey text, $4 limit bigint, $5 size bigint
SELECT a.did, page.rkey, page.cid, page.value, page.found
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT highest.*, count(*) OVER () AS found,
           sum(octet_length(highest.value)) OVER (
               ORDER BY highest.rkey DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS before
    FROM (
        SELECT r.rkey, r.cid, r.value
        FROM visible_record r
        WHERE r.account_id = a.id AND r.collection = {{indexed_name($2::text)}} AND r.rkey < $3
        ORDER BY r.rkey DESC
        LIMIT $4
    ) highest
) page ON true
WHERE a.did = $1 AND (page.before IS NULL OR page.before < $5::bigint)
ORDER BY page.rkey DESC;

-- name: oldest_records
-- The same, those with the lowest keys first.
-- $1 repo text, $2 collection text, $3 rkey text, $4 limit bigint, $5 size bigint
SELECT a.did, page.rkey, page.cid, page.value, page.found
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT lowest.*, count(*) OVER () AS found,
           sum(octet_length(lowest.value)) OVER (
               ORDER BY lowest.rkey ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS before
    FROM (
        SELECT r.rkey, r.cid, r.value
        FROM visible_record r
        WHERE r.account_id = a.id AND r.collection = {{indexed_name($2::text)}} AND r.rkey > $3
        ORDER BY r.rkey
        LIMIT $4
    ) lowest
) page ON true
WHERE a.did = $1 AND (page.before IS NULL OR page.before < $5::bigint)
ORDER BY page.rkey;
