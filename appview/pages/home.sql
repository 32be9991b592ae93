-- name: listeners
-- Who is listening now, the latest to begin first.
-- $1 limit bigint
SELECT {{present({{now_playing_view(s)}})}} AS item
FROM visible_status s
WHERE s.expires_at > now() AND s.listed
ORDER BY s.started_at DESC, s.account_id
LIMIT $1;
