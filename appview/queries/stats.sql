-- name: totals
-- Everything that is indexed and can be seen, in figures.
SELECT {{present({{totals_view(t)}})}} AS item FROM visible_totals t;

-- name: days
-- One figure of everything, of each of the last days: a look for each.
-- $1 metric text, $2 days integer
SELECT {{point(d.day, {{figure(r, h, $1)}})}} AS item
FROM {{last_days($2)}} d
CROSS JOIN LATERAL (
    SELECT max(t.tracks) AS tracks, max(t.likes) AS likes, max(t.comments) AS comments
    FROM visible_total_day t
    WHERE t.day = d.day
) r
CROSS JOIN LATERAL (
    SELECT max(t.plays) AS plays, max(t.listeners) AS listeners FROM visible_heard_total_day t WHERE t.day = d.day
) h
ORDER BY d.day;

-- name: actor_days
-- One figure of what concerns an account, of each of the last days, its plays counted as in actor_stats. No row: no such
-- account.
-- $1 metric text, $2 days integer, $3 did text
SELECT {{point(d.day, {{figure(r, h, $1)}})}} AS item
FROM visible_account a
CROSS JOIN {{last_days($2)}} d
LEFT JOIN visible_actor_day r ON r.account_id = a.id AND r.day = d.day
CROSS JOIN LATERAL (
    SELECT count(*) AS plays, count(DISTINCT l.account_id) AS listeners
    FROM visible_listening_day l
    WHERE l.owner = a.id AND l.day = d.day
) h
WHERE a.did = $3
ORDER BY d.day;

-- name: actor
-- One account with its figures, and the plays and likes of its tracks on each of the last days.
-- $1 did text, $2 days integer
SELECT {{present({{actor_stats(p, $2)}})}} AS item, p.account_id
FROM visible_profile p
WHERE p.account_id = {{account_id($1)}};

-- name: popular_tracks
-- Tracks of an account, the most liked first, of equals the most played, then the newest.
-- $1 account bigint, $2 limit bigint, $3 viewer bigint
SELECT {{track_view(t, $3)}} AS item
FROM visible_track t
WHERE t.account_id = $1
ORDER BY t.like_count DESC, t.play_count DESC, t.sort_at DESC, t.rkey DESC
LIMIT $2;
