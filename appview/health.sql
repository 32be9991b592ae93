-- name: subscribed
-- Whether the indexer's first subscription stands, or has stood.
SELECT EXISTS (SELECT FROM visible_source) AS subscribed;
