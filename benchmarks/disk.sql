-- name: database_size
-- All of it: tables, indexes, and what belongs to them.
SELECT pg_database_size(current_database());
