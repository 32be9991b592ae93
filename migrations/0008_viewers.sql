-- Who signs in: of an active account the key of its tokens, while it is known to be the current one, and how far its repo
-- is indexed; of an inactive one only that it is.
CREATE VIEW visible_issuer AS
SELECT a.did, a.id AS account_id, a.active AND NOT a.deleted AS active,
       CASE WHEN a.active AND NOT a.deleted AND NOT i.stale THEN i.signing_key END AS signing_key,
       CASE WHEN a.active AND NOT a.deleted THEN greatest(r.rev, r.unsigned_rev) END AS rev
FROM account a
LEFT JOIN identity i ON i.account_id = a.id
LEFT JOIN repo r ON r.account_id = a.id;

-- What the tables are like: a server started against another version is not ready.
CREATE VIEW visible_schema AS
SELECT max(number) AS version FROM migration;
