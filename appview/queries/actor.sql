-- name: details
-- Accounts with their figures.
-- $1 dids text[]
SELECT {{present({{actor_view_detailed(p)}})}} AS item, asked.place
FROM {{asked_accounts($1)}}
JOIN visible_profile p ON p.did = asked.did;

-- name: now_playing
-- What accounts are listening to, or that they are idle.
-- $1 dids text[]
SELECT CASE WHEN s.account_id IS NULL THEN {{present({{idle_view(a)}})}} ELSE {{present({{now_playing_view(s)}})}} END AS item,
       asked.place
FROM {{asked_accounts($1)}}
JOIN visible_account a ON a.did = asked.did
LEFT JOIN visible_status s ON s.account_id = a.id AND s.expires_at > now();

-- name: profiles
-- Several accounts in the order asked for; those that are unknown are left out.
-- $1 dids text[]
SELECT {{present({{actor_view(p)}})}} AS item
FROM {{asked_accounts($1)}}
JOIN visible_profile p ON p.did = asked.did
ORDER BY asked.place;

-- name: listeners
-- Who is listening now, whoever began last first.
-- $1 started_at timestamptz, $2 account bigint, $3 limit bigint
SELECT {{present({{now_playing_view(s)}})}} AS item, s.started_at, s.account_id
FROM visible_status s
WHERE s.expires_at > now() AND s.listed AND (s.started_at, s.account_id) < ($1, $2)
ORDER BY s.started_at DESC, s.account_id DESC
LIMIT $3;
