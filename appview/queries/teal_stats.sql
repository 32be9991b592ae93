-- name: top
-- What everybody has played most.
-- $1 kind text, $2 period text, $3 count bigint, $4 id bigint, $5 limit bigint
SELECT {{present({{teal_chart_entry(chart)}})}} AS item, chart.count, chart.id
FROM ({{charts_of($2::text, $1::text::played_kind, $3, $4, $5)}}) chart
ORDER BY chart.count DESC, chart.id
LIMIT $5;

-- name: user_top
-- What one account has played most in a window. No row: no such account; one without an item: nothing.
-- $1 did text, $2 kind text, $3 period text, $4 count bigint, $5 key uuid, $6 limit bigint
SELECT placed.*
FROM visible_account a
LEFT JOIN LATERAL (
    SELECT {{present({{teal_chart_entry(own)}})}} AS item, own.count, own.key
    FROM (
        SELECT p.*, most.count
        FROM ({{own_plays(a.id, $2::text, NULL, $3, $4, $5, $6)}}) most
        JOIN visible_played p ON p.key = most.key AND p.kind = $2::text::played_kind
    ) own
) placed ON true
WHERE a.did = $1
ORDER BY placed.count DESC, placed.key DESC;
