-- name: forget_older
-- Letters of paths that are about to get a newer one.
-- $1 dids text[], $2 paths text[]
DELETE FROM dead_letter d
USING unnest($1::text[], $2::text[]) AS newer (did, path)
WHERE d.did = newer.did AND d.path = newer.path;

-- name: insert_letters
-- Set records aside.
-- $1 dids text[], $2 paths text[], $3 sources text[], $4 seqs bigint[], $5 reasons text[], $6 details text[], $7 payloads bytea[]
INSERT INTO dead_letter (did, path, source, seq, reason, detail, payload)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[]);

-- name: trim_letters
-- Keep the newest.
-- $1 maximum bigint
DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - $1::bigint;

-- name: by_reason
-- Letters by reason.
-- $1 reason text, $2 did text
SELECT reason, count(*) AS records, min(created_at) AS first, max(created_at) AS last
FROM dead_letter
WHERE ($1::text IS NULL OR reason = $1) AND ($2::text IS NULL OR did = $2)
GROUP BY reason
ORDER BY reason;

-- name: newest
-- The newest letters.
-- $1 reason text, $2 did text, $3 number integer
SELECT id, did, path, reason, detail, source, seq, octet_length(payload) AS bytes, created_at
FROM dead_letter
WHERE ($1::text IS NULL OR reason = $1) AND ($2::text IS NULL OR did = $2)
ORDER BY id DESC
LIMIT $3::integer;

-- name: forget
-- Let letters go.
-- $1 reason text, $2 did text
WITH gone AS (
    DELETE FROM dead_letter
    WHERE ($1::text IS NULL OR reason = $1) AND ($2::text IS NULL OR did = $2)
    RETURNING id
)
SELECT count(*)::integer FROM gone;
