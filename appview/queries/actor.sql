-- name: profile
-- One account with its figures.
-- $1 actor text
SELECT {{present({{actor_view_detailed(p)}})}} AS item FROM visible_profile p WHERE p.account_id = {{account_id($1)}};

-- name: now_playing
-- What one account is listening to, or that it is idle.
-- $1 actor text
SELECT CASE WHEN s.account_id IS NULL THEN {{present({{idle_view(a)}})}} ELSE {{present({{now_playing_view(s)}})}} END AS item
FROM visible_account a
LEFT JOIN visible_status s ON s.account_id = a.id AND s.expires_at > now()
WHERE a.id = {{account_id($1)}};
