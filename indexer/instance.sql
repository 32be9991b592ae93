-- name: claim_namespace
-- The namespace of this database: the one that it was made with.
-- $1 namespace text
INSERT INTO instance (namespace) VALUES ($1)
ON CONFLICT (id) DO UPDATE SET namespace = instance.namespace
RETURNING namespace;
