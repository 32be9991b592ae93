-- Backlinks: which records link to what. A function of the raw records and of who is visible; a reindex fills it.

-- One row for a record and something that it links to at some path. `link` names the collection, the path and the target
-- (protocol/links.py): whoever asks, asks for all three, so that no address has to stand here.
CREATE TABLE record_link (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL,
    link       uuid NOT NULL,
    collection text COLLATE "C" NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    PRIMARY KEY (link, account_id, sort_at, rkey)
);
CREATE INDEX record_link_by_time ON record_link (link, sort_at, account_id, rkey);
CREATE INDEX record_link_of_record ON record_link (account_id, rkey);

-- How many records of accounts that are not hidden have such a link, and how many accounts.
CREATE TABLE link_count (
    link     uuid PRIMARY KEY,
    records  bigint NOT NULL,
    accounts bigint NOT NULL
) WITH (fillfactor = 80);

CREATE VIEW visible_link AS
SELECT l.link, l.sort_at, l.account_id, l.rkey, a.did
FROM record_link l
JOIN visible_account a ON a.id = l.account_id;

-- Nothing hidden is counted.
CREATE VIEW visible_link_count AS SELECT * FROM link_count;
