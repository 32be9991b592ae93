-- name: name
-- Make the rows of these accounts what their profiles say. The name is bsky's, else teal's; the picture plyr's, else
-- bsky's, else teal's (its stable profile before its alpha one). A profile that is hidden says nothing.
-- $1 account_ids bigint[]
WITH said AS (
    SELECT asked.account_id, coalesce(b.display_name, t.display_name) AS display_name, p.avatar,
           coalesce(b.avatar_cid, t.avatar_cid) AS avatar_cid
    FROM unnest($1::bigint[]) AS asked (account_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(v.subject), '{}') AS subjects
        FROM visibility v
        WHERE v.account_id = asked.account_id AND v.hides_view
            AND v.subject ~ '^(fm[.]plyr|app[.]bsky|fm[.]teal([.]alpha)?)[.]actor[.]profile/self$'
    ) hidden
    LEFT JOIN plyr_profile p
        ON p.account_id = asked.account_id AND 'fm.plyr.actor.profile/self' <> ALL (hidden.subjects)
    LEFT JOIN bsky_profile b
        ON b.account_id = asked.account_id AND 'app.bsky.actor.profile/self' <> ALL (hidden.subjects)
    LEFT JOIN LATERAL (
        SELECT s.alpha, s.display_name, s.avatar_cid
        FROM teal_profile s
        WHERE s.account_id = asked.account_id
        ORDER BY s.alpha
        LIMIT 1
    ) t ON CASE WHEN t.alpha THEN 'fm.teal.alpha.actor.profile/self' ELSE 'fm.teal.actor.profile/self' END
        <> ALL (hidden.subjects)
),
silent AS (
    DELETE FROM actor_name n
    USING said
    WHERE n.account_id = said.account_id AND num_nonnulls(said.display_name, said.avatar, said.avatar_cid) = 0
)
INSERT INTO actor_name AS n (account_id, display_name, avatar, avatar_cid)
SELECT * FROM said WHERE num_nonnulls(display_name, avatar, avatar_cid) > 0
ON CONFLICT (account_id) DO UPDATE
SET display_name = EXCLUDED.display_name, avatar = EXCLUDED.avatar, avatar_cid = EXCLUDED.avatar_cid
WHERE (n.display_name, n.avatar, n.avatar_cid)
    IS DISTINCT FROM (EXCLUDED.display_name, EXCLUDED.avatar, EXCLUDED.avatar_cid);

-- name: clear
-- Nobody has a name.
TRUNCATE actor_name;
