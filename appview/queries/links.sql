-- name: newest_links
-- Records with a link, the newest first, and how many there are. One row without a record: none on this page.
-- $1 link uuid, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint
SELECT counted.total, page.*
FROM (SELECT coalesce((SELECT c.records FROM visible_link_count c WHERE c.link = $1), 0) AS total) counted
LEFT JOIN LATERAL (
    SELECT l.did, l.sort_at, l.account_id, l.rkey
    FROM visible_link l
    WHERE l.link = $1 AND (l.sort_at, l.account_id, l.rkey) < ($2, $3, $4)
    ORDER BY l.sort_at DESC, l.account_id DESC, l.rkey DESC
    LIMIT $5
) page ON true
ORDER BY page.sort_at DESC, page.account_id DESC, page.rkey DESC;

-- name: oldest_links
-- The same, the oldest first.
-- $1 link uuid, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint
SELECT counted.total, page.*
FROM (SELECT coalesce((SELECT c.records FROM visible_link_count c WHERE c.link = $1), 0) AS total) counted
LEFT JOIN LATERAL (
    SELECT l.did, l.sort_at, l.account_id, l.rkey
    FROM visible_link l
    WHERE l.link = $1 AND (l.sort_at, l.account_id, l.rkey) > ($2, $3, $4)
    ORDER BY l.sort_at, l.account_id, l.rkey
    LIMIT $5
) page ON true
ORDER BY page.sort_at, page.account_id, page.rkey;

-- name: newest_links_of
-- Those of some accounts alone, of which so many are counted at most.
-- $1 link uuid, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint, $6 dids text[], $7 most bigint
WITH asked AS (SELECT DISTINCT a.id FROM unnest($6::text[]) AS wanted (did) JOIN visible_account a USING (did))
SELECT counted.total, page.*
FROM (
    SELECT count(*) AS total
    FROM (SELECT FROM asked JOIN visible_link l ON l.account_id = asked.id WHERE l.link = $1 LIMIT $7) each
) counted
LEFT JOIN LATERAL (
    SELECT newest.*
    FROM asked
    CROSS JOIN LATERAL (
        SELECT l.did, l.sort_at, l.account_id, l.rkey
        FROM visible_link l
        WHERE l.link = $1 AND l.account_id = asked.id AND (l.sort_at, l.account_id, l.rkey) < ($2, $3, $4)
        ORDER BY l.sort_at DESC, l.rkey DESC
        LIMIT $5
    ) newest
    ORDER BY newest.sort_at DESC, newest.account_id DESC, newest.rkey DESC
    LIMIT $5
) page ON true
ORDER BY page.sort_at DESC, page.account_id DESC, page.rkey DESC;

-- name: oldest_links_of
-- The same, the oldest first.
-- $1 link uuid, $2 sort_at timestamptz, $3 account bigint, $4 rkey text, $5 limit bigint, $6 dids text[], $7 most bigint
WITH asked AS (SELECT DISTINCT a.id FROM unnest($6::text[]) AS wanted (did) JOIN visible_account a USING (did))
SELECT counted.total, page.*
FROM (
    SELECT count(*) AS total
    FROM (SELECT FROM asked JOIN visible_link l ON l.account_id = asked.id WHERE l.link = $1 LIMIT $7) each
) counted
LEFT JOIN LATERAL (
    SELECT oldest.*
    FROM asked
    CROSS JOIN LATERAL (
        SELECT l.did, l.sort_at, l.account_id, l.rkey
        FROM visible_link l
        WHERE l.link = $1 AND l.account_id = asked.id AND (l.sort_at, l.account_id, l.rkey) > ($2, $3, $4)
        ORDER BY l.sort_at, l.rkey
        LIMIT $5
    ) oldest
    ORDER BY oldest.sort_at, oldest.account_id, oldest.rkey
    LIMIT $5
) page ON true
ORDER BY page.sort_at, page.account_id, page.rkey;

-- name: linking_accounts
-- Accounts with such a link, each once, those that became known last first, and how many there are: from one to the
-- next by the index. One row without an account: none on this page.
-- $1 link uuid, $2 account bigint, $3 limit bigint
WITH RECURSIVE linking AS (
    (
        SELECT l.account_id, l.did
        FROM visible_link l
        WHERE l.link = $1 AND l.account_id < $2
        ORDER BY l.account_id DESC
        LIMIT 1
    )
    UNION ALL
    SELECT next.account_id, next.did
    FROM linking
    CROSS JOIN LATERAL (
        SELECT l.account_id, l.did
        FROM visible_link l
        WHERE l.link = $1 AND l.account_id < linking.account_id
        ORDER BY l.account_id DESC
        LIMIT 1
    ) next
)
SELECT counted.total, page.*
FROM (SELECT coalesce((SELECT c.accounts FROM visible_link_count c WHERE c.link = $1), 0) AS total) counted
LEFT JOIN (SELECT did, account_id FROM linking LIMIT $3) page ON true
ORDER BY page.account_id DESC;

-- name: counts
-- How many records and accounts have a link. No row: none.
-- $1 links uuid[]
SELECT c.records, c.accounts, asked.place
FROM unnest($1::uuid[]) WITH ORDINALITY asked (link, place)
JOIN visible_link_count c ON c.link = asked.link;
