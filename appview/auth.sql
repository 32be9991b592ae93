-- name: issuer
-- What is indexed of an account that signs in.
-- $1 did text
SELECT account_id, active, signing_key, rev FROM visible_issuer WHERE did = $1;
