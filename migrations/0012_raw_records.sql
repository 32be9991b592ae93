-- Raw records as they stand in repos: what com.atproto.repo gives out.

-- Valid or not: a repo's host gives them all the same. Each is asked for row by row whether it shows, see 0010.
CREATE VIEW visible_record AS
SELECT r.account_id, r.collection, r.rkey, r.cid, r.value, a.did
FROM record r
JOIN visible_account a ON a.id = r.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = r.account_id AND v.subject = r.collection || '/' || r.rkey AND v.hides_view
    LIMIT 1
), false);

-- Under which name repos have what is indexed as `fm.plyr`.
CREATE VIEW visible_namespace AS SELECT coalesce((SELECT namespace FROM instance), 'fm.plyr') COLLATE "C" AS namespace;

-- Accounts that are known and do not show.
CREATE VIEW visible_absence AS
SELECT a.did
FROM account a
WHERE NOT EXISTS (SELECT FROM visible_account v WHERE v.id = a.id);
