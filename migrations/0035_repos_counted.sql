-- How many repos are synced, so that nobody counts them when it is asked.

-- The sum counts, and any row may be added to. Whoever changes states takes one that nobody holds, or makes a new one:
-- so nobody waits for another here, whatever else both hold. There come to be as many as have ever written at once.
CREATE TABLE repo_total (
    slot   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    synced bigint NOT NULL
);

CREATE FUNCTION count_synced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more bigint := 0;
    free bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        more := (SELECT count(*) FROM came WHERE state = 'synced');
    END IF;
    IF TG_OP <> 'INSERT' THEN
        more := more - (SELECT count(*) FROM went WHERE state = 'synced');
    END IF;
    IF more <> 0 THEN
        SELECT slot INTO free FROM repo_total LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE repo_total SET synced = synced + more WHERE slot = free;
        ELSE
            INSERT INTO repo_total (synced) VALUES (more);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

-- Statement by statement: a row that is changed again and again in one transaction is found ever more slowly.
CREATE TRIGGER repo_came AFTER INSERT ON repo
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION count_synced();
CREATE TRIGGER repo_changed AFTER UPDATE ON repo
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION count_synced();
CREATE TRIGGER repo_went AFTER DELETE ON repo
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION count_synced();

-- Behind the triggers, which wait for all who write.
INSERT INTO repo_total (synced) SELECT count(*) FROM repo WHERE state = 'synced';

CREATE OR REPLACE VIEW visible_totals AS
SELECT sum(track_count)::bigint AS track_count, sum(artist_count)::bigint AS artist_count,
       sum(like_count)::bigint AS like_count, sum(comment_count)::bigint AS comment_count,
       sum(scrobble_count)::bigint AS scrobble_count, sum(total_duration) AS total_duration,
       (SELECT sum(synced) FROM repo_total)::bigint AS repo_count,
       (SELECT max(event_time) FROM source_cursor) AS indexed_at,
       sum(list_count)::bigint AS list_count
FROM totals;

DROP TRIGGER shown ON repo;
