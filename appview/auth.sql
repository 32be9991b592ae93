-- name: issuers
-- What is indexed of accounts that sign in.
-- $1 dids text[]
SELECT i.account_id, i.active, i.signing_key, i.rev, asked.place
FROM unnest($1::text[]) WITH ORDINALITY asked (did, place)
JOIN visible_issuer i ON i.did = asked.did;
