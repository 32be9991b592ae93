-- name: actor_plays
-- What one account has listened to, the newest first, each play once. No row: no such account; one without an item: no
-- plays.
-- $1 did text, $2 played_at timestamptz, $3 recording uuid, $4 limit bigint, $5 alpha boolean
SELECT newest.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{play_view(p, p.track, {{actor_of(a)}}, $5)}})}} AS item, p.played_at, p.recording
    FROM visible_play p
    WHERE p.account_id = a.id AND p.canonical AND (p.played_at, p.recording) < ($2, $3)
    ORDER BY p.played_at DESC, p.recording DESC
    LIMIT $4
) newest ON true
WHERE a.did = $1
ORDER BY newest.played_at DESC, newest.recording DESC;

-- name: play
-- Plays by their authors and record keys; of two generations, that of the stable one first.
-- $1 dids text[], $2 rkeys text[], $3 alpha boolean
SELECT {{present({{play_view(p, {{spoken_of(p)}}, {{actor_view_basic(p.account_id)}}, $3)}})}} AS item, asked.place
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY asked (did, rkey, place)
JOIN visible_play p ON p.account_id = {{account_id(asked.did)}} AND p.rkey = asked.rkey
ORDER BY p.alpha;

-- name: latest_plays
-- What everybody has listened to, the newest first, each play once.
-- $1 played_at timestamptz, $2 account bigint, $3 recording uuid, $4 limit bigint, $5 alpha boolean
SELECT {{present({{play_view(p, p.track, {{actor_view_basic(p.account_id)}}, $5)}})}} AS item, p.played_at, p.account_id, p.recording
FROM visible_play p
WHERE p.canonical AND p.listed AND (p.played_at, p.account_id, p.recording) < ($1, $2, $3)
ORDER BY p.played_at DESC, p.account_id DESC, p.recording DESC
LIMIT $4;
