-- name: drop
-- Delete plays by key.
-- $1 account_ids bigint[], $2 rkeys text[], $3 alphas boolean[]
DELETE FROM teal_play p
USING unnest($1::bigint[], $2::text[], $3::boolean[]) AS key (account_id, rkey, alpha)
WHERE p.account_id = key.account_id AND p.rkey = key.rkey AND p.alpha = key.alpha
RETURNING p.account_id, p.played_at, p.recording, p.canonical::integer AS scrobbles,
    p.release, p.track_name, p.release_name, p.artist_names, p.artist_mbids;

-- name: shadow
-- An alpha record stands behind its stable twin while there is one. Gives those that changed, and what each that
-- counted contributed, negative.
-- $1 account_ids bigint[], $2 rkeys text[]
WITH twin AS (
    SELECT a.account_id, a.rkey, a.canonical AS counted,
           EXISTS (
               SELECT FROM teal_play s WHERE s.account_id = a.account_id AND s.rkey = a.rkey AND NOT s.alpha
           ) AS wanted
    FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[])) AS key (account_id, rkey)
    JOIN teal_play a ON a.account_id = key.account_id AND a.rkey = key.rkey AND a.alpha
)
UPDATE teal_play p
SET shadowed = twin.wanted, canonical = false
FROM twin
WHERE p.account_id = twin.account_id AND p.rkey = twin.rkey AND p.alpha AND p.shadowed <> twin.wanted
RETURNING p.account_id, p.rkey, p.played_at, p.recording, -twin.counted::integer AS scrobbles,
    p.release, p.track_name, p.release_name, p.artist_names, p.artist_mbids;

-- name: settle
-- One play of each touched group (account, time, recording) counts: stable before alpha, then the lowest key. The
-- candidates are those that count (the former one and what has just come) and the first of the rest.
-- $1 account_ids bigint[], $2 rkeys text[], $3 left_account_ids bigint[], $4 left_played_ats timestamptz[], $5 left_recordings uuid[]
WITH touched AS (
    SELECT p.account_id, p.played_at, p.recording
    FROM unnest($1::bigint[], $2::text[]) AS key (account_id, rkey)
    JOIN teal_play p ON p.account_id = key.account_id AND p.rkey = key.rkey
    UNION
    SELECT * FROM unnest($3::bigint[], $4::timestamptz[], $5::uuid[])
),
candidate AS (
    SELECT p.account_id, p.played_at, p.recording, p.alpha, p.rkey, p.canonical
    FROM touched t
    JOIN teal_play p ON p.account_id = t.account_id AND p.played_at = t.played_at AND p.recording = t.recording
        AND p.canonical
    UNION ALL
    SELECT next.*
    FROM touched t
    CROSS JOIN LATERAL (
        SELECT p.account_id, p.played_at, p.recording, p.alpha, p.rkey, p.canonical
        FROM teal_play p
        WHERE p.account_id = t.account_id AND p.played_at = t.played_at AND p.recording = t.recording
            AND NOT p.canonical AND NOT p.shadowed
        ORDER BY p.alpha, p.rkey
        LIMIT 1
    ) next
),
judged AS (
    SELECT account_id, rkey, alpha, canonical,
           row_number() OVER (PARTITION BY account_id, played_at, recording ORDER BY alpha, rkey) = 1 AS wanted
    FROM candidate
)
UPDATE teal_play p
SET canonical = j.wanted
FROM judged j
WHERE p.account_id = j.account_id AND p.rkey = j.rkey AND p.alpha = j.alpha AND j.canonical <> j.wanted
RETURNING p.account_id, p.rkey, p.played_at, p.recording, CASE WHEN p.canonical THEN 1 ELSE -1 END AS scrobbles,
    p.release, p.track_name, p.release_name, p.artist_names, p.artist_mbids;

-- name: purge
-- Delete all plays of accounts.
-- $1 account_ids bigint[]
DELETE FROM teal_play WHERE account_id = ANY($1);

-- name: contributed
-- What all plays of accounts contribute.
-- $1 account_ids bigint[]
SELECT account_id, count(*)::integer AS scrobbles FROM teal_play WHERE account_id = ANY($1) AND canonical GROUP BY account_id;

-- name: clear
-- Delete all.
TRUNCATE teal_play;
