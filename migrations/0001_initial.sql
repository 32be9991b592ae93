-- The sources, the sync state, the visibility table, and the views through which alone the read side may look.

-- ---------------------------------------------------------------------------------------------------- sources

-- Every DID that we have met, with what its current PDS or the relay said of it last.
CREATE TABLE account (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    did        text COLLATE "C" NOT NULL UNIQUE,
    active     boolean NOT NULL DEFAULT true,
    status     text,
    deleted    boolean NOT NULL DEFAULT false, -- the marker that keeps a replay from bringing it back
    status_at  timestamptz,
    first_seen timestamptz NOT NULL DEFAULT now()
);

-- What its DID document says. `handle` is claimed; it counts when `handle_valid`, that is, when it resolves back.
CREATE TABLE identity (
    account_id   bigint PRIMARY KEY REFERENCES account,
    handle       text COLLATE "C",
    handle_valid boolean NOT NULL DEFAULT false,
    pds          text,
    signing_key  text, -- did:key
    resolved_at  timestamptz,
    stale        boolean NOT NULL DEFAULT true, -- to be resolved anew before the next commit is judged
    handle_due   boolean NOT NULL DEFAULT false, -- whether the handle resolves back is to be found out (again)
    check_at     timestamptz NOT NULL DEFAULT now(), -- when stale, or the handle is due: the next attempt
    attempts     integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX identity_valid_handle ON identity (handle) WHERE handle_valid;
CREATE INDEX identity_stale ON identity (check_at) WHERE stale;
CREATE INDEX identity_handle_due ON identity (check_at) WHERE handle_due AND NOT stale;

-- The raw records: the truth that every projection is a function of. `value` holds the exact bytes.
CREATE TABLE record (
    account_id bigint NOT NULL REFERENCES account,
    collection text COLLATE "C" NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    cid        bytea NOT NULL,
    rev        text COLLATE "C" NOT NULL, -- of the commit that wrote this version
    indexed_at timestamptz NOT NULL,      -- when the uri was first indexed; an edit keeps it
    invalid    text,                      -- why it shows in no view; NULL when it is as its lexicon says
    unsigned   boolean NOT NULL DEFAULT false,
    value      bytea NOT NULL,            -- DAG-CBOR
    PRIMARY KEY (account_id, collection, rkey)
);

-- ------------------------------------------------------------------------------------------------- sync state

CREATE TABLE repo (
    account_id      bigint PRIMARY KEY REFERENCES account,
    state           text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'syncing', 'synced', 'desynchronized', 'error', 'inactive')),
    rev             text COLLATE "C", -- the verified head; NULL before the first sync
    data            bytea,            -- CID of its tree
    commit          bytea,            -- CID of its last commit; NULL when it is not known
    priority        smallint NOT NULL DEFAULT 0, -- 10: seen live for the first time; 0: found by discovery
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT 'infinity', -- of a new one: once its identity is known
    lease_until     timestamptz,
    lease           bigint NOT NULL DEFAULT 0, -- rises with each claim; a worker whose lease has passed on writes nothing
    refetch         boolean NOT NULL DEFAULT false, -- what came during the sync did not fit behind it: fetch again
    last_error      text,
    synced_at       timestamptz,
    compared_at     timestamptz,      -- synced: what its host had then is here, or has been here
    window_start    timestamptz NOT NULL DEFAULT now(), -- of the count of resyncs
    resyncs         integer NOT NULL DEFAULT 0
);
-- An inactive repo is in the queue only when its host is to be asked again (`infinity`: an event will tell).
CREATE INDEX repo_queue ON repo (priority DESC, next_attempt_at)
    WHERE state IN ('pending', 'desynchronized', 'error', 'inactive') AND next_attempt_at < 'infinity';
CREATE INDEX repo_leases ON repo (lease_until) WHERE state = 'syncing';
CREATE INDEX repo_compared ON repo (compared_at NULLS FIRST) WHERE state IN ('synced', 'syncing', 'inactive');

-- Live frames of a repo that can't be judged yet: it is being synced, or its identity is stale. Judged in order of id.
CREATE TABLE buffered_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES account,
    source      text NOT NULL,
    seq         bigint NOT NULL,
    frame       bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX buffered_event_order ON buffered_event (account_id, id);

-- How far each source has been read; written with the rows that it covers.
CREATE TABLE source_cursor (
    source     text NOT NULL, -- origin of the relay or PDS
    shard      text NOT NULL DEFAULT '',
    kind       text NOT NULL DEFAULT 'relay' CHECK (kind IN ('relay', 'pds')),
    seq        bigint NOT NULL, -- 0 from the moment at which the first subscription stands until its first frame
    event_time timestamptz, -- what the last frame said of itself
    updated_at timestamptz NOT NULL DEFAULT now(),
    subscribed_at timestamptz NOT NULL DEFAULT now(), -- since when the last subscription stands
    PRIMARY KEY (source, shard)
);

-- Events that a source may have had and we did not: every repo is to be compared with its host once after `noted_at`.
CREATE TABLE stream_gap (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source    text NOT NULL,
    reason    text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    healed_at timestamptz
);
-- What is noted again before it is healed is one gap, of the later time.
CREATE UNIQUE INDEX stream_gap_open ON stream_gap (source, reason) WHERE healed_at IS NULL;

-- The one row says under which namespace the repos of this database hold what is indexed as fm.plyr.
CREATE TABLE instance (
    id        boolean PRIMARY KEY DEFAULT true CHECK (id),
    namespace text COLLATE "C" NOT NULL
);

-- How far each listing of repos has been read.
CREATE TABLE discovery_cursor (
    source     text NOT NULL,
    listing    text NOT NULL, -- a collection, or '*' for listRepos
    cursor     text,
    finished_at timestamptz,
    PRIMARY KEY (source, listing)
);

-- What could not be stored or parsed, for the operator to see and to retry.
CREATE TABLE dead_letter (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    did        text,
    path       text,
    source     text NOT NULL,
    seq        bigint,
    reason     text NOT NULL,
    detail     text NOT NULL,
    payload    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letter_did ON dead_letter (did);

-- ------------------------------------------------------------------------------------------------- visibility

-- What does not show. `subject` is '' for a whole account, else collection/rkey. The two surfaces: `list` is what one
-- comes across (latest, search, charts), `view` is what one asks for by name; counts follow `view`.
CREATE TABLE visibility (
    account_id bigint NOT NULL REFERENCES account,
    subject    text COLLATE "C" NOT NULL,
    cause      text NOT NULL, -- 'account', or a label
    hides_list boolean NOT NULL,
    hides_view boolean NOT NULL,
    PRIMARY KEY (account_id, subject, cause)
);

-- The predicate: an account shows unless a row says otherwise. Every view of the read side joins it.
CREATE VIEW visible_account AS
SELECT a.id, a.did, a.first_seen,
       CASE WHEN i.handle_valid THEN i.handle ELSE 'handle.invalid' END AS handle,
       i.pds,
       NOT EXISTS (SELECT FROM visibility v WHERE v.account_id = a.id AND v.subject = '' AND v.hides_list) AS listed
FROM account a
LEFT JOIN identity i ON i.account_id = a.id
WHERE NOT EXISTS (SELECT FROM visibility v WHERE v.account_id = a.id AND v.subject = '' AND v.hides_view);
