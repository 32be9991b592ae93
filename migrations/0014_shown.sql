-- Every commit tells which tables that answers are made of it has touched, so that a server need not keep an answer
-- longer than it holds. The triggers are made with the views that read the tables (see the end of a migration in
-- `migrations`): one for each table, for the columns that some view reads.
CREATE FUNCTION note_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('plyr_shown', TG_TABLE_NAME);
    RETURN NULL;
END
$$;
