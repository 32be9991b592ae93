-- name: state
-- Whether the indexer's first subscription stands, or has stood, and of which version the tables are.
SELECT EXISTS (SELECT FROM visible_source) AS subscribed, (SELECT version FROM visible_schema) AS schema;
