-- name: profile
-- Accounts as teal shows them.
-- $1 dids text[], $2 alpha boolean
SELECT {{present({{teal_profile_view(a, t, $2)}})}} AS item, asked.place
FROM {{asked_accounts($1)}}
JOIN visible_account a ON a.did = asked.did
LEFT JOIN visible_teal_profile t ON t.account_id = a.id;

-- name: profiles
-- Several accounts in short, in the order asked for; those that are unknown are left out.
-- $1 dids text[]
SELECT {{present({{teal_mini_profile_view(a, t)}})}} AS item
FROM {{asked_accounts($1)}}
JOIN visible_account a ON a.did = asked.did
LEFT JOIN visible_teal_profile t ON t.account_id = a.id
ORDER BY asked.place;

-- name: search
-- Accounts whose handle begins with a text, by handle, and then those whose name in teal's profile does, by name: `place` is 0 or 1.
-- $1 beginning text, $2 account bigint, $3 place bigint, $4 text text, $5 limit bigint
WITH by_handle AS (
    SELECT h.account_id, 0 AS place, h.handle AS text
    FROM visible_handle h
    WHERE h.handle >= lower($1) AND h.handle < lower($1) || chr(1114111)
        AND h.listed AND $3::bigint = 0 AND (h.handle, h.account_id) > ($4, $2)
    ORDER BY h.handle, h.account_id
    LIMIT $5
),
by_name AS (
    SELECT n.account_id, 1 AS place, n.name AS text
    FROM visible_teal_name n
    WHERE n.name >= lower($1) AND n.name < lower($1) || chr(1114111)
        AND (n.handle = 'handle.invalid' OR NOT (n.handle >= lower($1) AND n.handle < lower($1) || chr(1114111)))
        AND n.listed AND ($3 = 0 OR (n.name, n.account_id) > ($4, $2))
    ORDER BY n.name, n.account_id
    LIMIT $5
)
SELECT {{present({{teal_mini_profile_view(a, t)}})}} AS item, found.account_id, found.place, found.text
FROM (TABLE by_handle UNION ALL TABLE by_name) found
JOIN visible_account a ON a.id = found.account_id
LEFT JOIN visible_teal_profile t ON t.account_id = a.id
ORDER BY found.place, found.text, found.account_id
LIMIT $5;

-- name: status
-- What accounts are listening to, or that they are idle.
-- $1 dids text[]
SELECT json_strip_nulls(json_build_object(
    'did', a.did,
    'isListening', s.account_id IS NOT NULL,
    'status', CASE WHEN s.account_id IS NOT NULL THEN json_build_object({{music(s, false)}}) END
))::text AS item, asked.place
FROM {{asked_accounts($1)}}
JOIN visible_account a ON a.did = asked.did
LEFT JOIN visible_status s ON s.account_id = a.id AND s.expires_at > now();
