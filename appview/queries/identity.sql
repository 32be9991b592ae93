-- name: holder
-- The DID of the visible account that has this handle.
-- $1 handle text
SELECT a.did
FROM visible_handle h
JOIN visible_account a ON a.id = h.account_id
WHERE h.handle = $1;

-- name: holders
-- The DIDs of the visible accounts that have these handles.
-- $1 handles text[]
SELECT h.handle, a.did
FROM visible_handle h
JOIN visible_account a ON a.id = h.account_id
WHERE h.handle = ANY ($1);

-- name: is_hidden
-- Whether this is an account that is known and does not show.
-- $1 did text
SELECT EXISTS (SELECT FROM visible_absence n WHERE n.did = $1) AS hidden;
