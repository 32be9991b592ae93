-- name: has_reader_role
-- Whether the session may SET ROLE to it.
-- $1 role name
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(current_user, oid, 'MEMBER'));
