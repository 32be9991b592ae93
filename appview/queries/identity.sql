-- name: holders
-- The DIDs of the visible accounts that have these handles.
-- $1 handles text[]
SELECT h.handle, a.did, asked.place
FROM unnest($1::text[]) WITH ORDINALITY asked (handle, place)
JOIN visible_handle h ON h.handle = asked.handle
JOIN visible_account a ON a.id = h.account_id;

-- name: is_hidden
-- Whether this is an account that is known and does not show.
-- $1 did text
SELECT EXISTS (SELECT FROM visible_absence n WHERE n.did = $1) AS hidden;
