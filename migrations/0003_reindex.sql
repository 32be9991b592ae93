-- What `reindex` keeps while it makes every projection anew beside the old ones. Both tables are empty at other times;
-- what a crash of the server takes from them is worth nothing without the work that it takes, too.

-- What was changed meanwhile, to be followed: a record, or (collection '') whether an account shows.
CREATE UNLOGGED TABLE reindex_change (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL,
    collection text COLLATE "C" NOT NULL,
    rkey       text COLLATE "C" NOT NULL
);

-- Records whose validity has turned out to be another than `record` says; it is set when the new tables take over.
CREATE UNLOGGED TABLE reindex_verdict (
    account_id bigint NOT NULL,
    collection text COLLATE "C" NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    invalid    text,
    PRIMARY KEY (account_id, collection, rkey)
);

-- Triggers of these functions stand while a reindex works. One that was killed leaves them behind: they note nothing
-- when nobody holds the lock by which it says that it listens.
CREATE FUNCTION note_changed_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) SELECT account_id, collection, rkey FROM changed;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION note_changed_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtext('plyr-appview reindex listens')) THEN
        INSERT INTO reindex_change (account_id, collection, rkey) SELECT DISTINCT account_id, '', '' FROM changed;
    END IF;
    RETURN NULL;
END
$$;
