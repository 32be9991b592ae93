-- name: leave
-- Take records' links away; gives these.
-- $1 account_ids bigint[], $2 collections text[], $3 rkeys text[]
DELETE FROM record_link l
USING unnest($1::bigint[], $2::text[], $3::text[]) AS key (account_id, collection, rkey)
WHERE l.account_id = key.account_id AND l.rkey = key.rkey AND l.collection = key.collection
RETURNING l.account_id, l.link;

-- name: add
-- Add to the counts, between the links that went and those that come: whoever has others there links still. Gives those
-- of which nothing is left.
-- $1 links uuid[], $2 account_ids bigint[], $3 records integer[], $4 accounts integer[]
WITH summed AS (
    SELECT c.link, sum(c.records) AS records,
           sum(c.accounts) FILTER (
               WHERE NOT EXISTS (SELECT FROM record_link l WHERE l.link = c.link AND l.account_id = c.account_id)
           ) AS accounts
    FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::integer[]) AS c (link, account_id, records, accounts)
    WHERE NOT EXISTS (SELECT FROM actor_count a WHERE a.account_id = c.account_id AND a.hidden)
    GROUP BY c.link
),
added AS (
    INSERT INTO link_count AS n (link, records, accounts)
    SELECT link, records, coalesce(accounts, 0)
    FROM summed
    WHERE records <> 0 OR coalesce(accounts, 0) <> 0
    ORDER BY link
    ON CONFLICT (link) DO UPDATE SET records = n.records + EXCLUDED.records, accounts = n.accounts + EXCLUDED.accounts
    RETURNING link, records
)
SELECT link FROM added WHERE records = 0;

-- name: count
-- Add what all links of accounts count, so many times. Gives the counts of which nothing is left.
-- $1 account_ids bigint[], $2 times integer
WITH added AS (
    INSERT INTO link_count AS n (link, records, accounts)
    SELECT link, $2::integer * count(*), $2::integer * count(DISTINCT account_id)
    FROM record_link
    WHERE account_id = ANY ($1)
    GROUP BY link
    ORDER BY link
    ON CONFLICT (link) DO UPDATE SET records = n.records + EXCLUDED.records, accounts = n.accounts + EXCLUDED.accounts
    RETURNING link, records
)
SELECT link FROM added WHERE records = 0;

-- name: drop_counts
-- Those of which nothing is left.
-- $1 links uuid[]
DELETE FROM link_count WHERE link = ANY ($1) AND records = 0;

-- name: purge
-- Delete all links of accounts.
-- $1 account_ids bigint[]
DELETE FROM record_link WHERE account_id = ANY ($1);

-- name: clear_links
-- Nothing links.
TRUNCATE record_link;

-- name: clear_counts
-- Nothing is linked to.
TRUNCATE link_count;
