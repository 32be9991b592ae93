-- name: actor_plays
-- What one account has listened to, the newest first, each play once. No row: no such account; one without an item: no
-- plays.
-- $1 actor text, $2 played_at timestamptz, $3 recording uuid, $4 limit bigint
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{play_view(p)}})}} AS item, p.played_at, p.recording
    FROM visible_play p
    WHERE p.account_id = a.id AND p.canonical AND (p.played_at, p.recording) < ($2, $3)
    ORDER BY p.played_at DESC, p.recording DESC
    LIMIT $4
) newest ON true
WHERE a.id = {{account_id($1)}}
ORDER BY newest.played_at DESC, newest.recording DESC;
