-- Who has played an artist most in a window is counted from plays, of whoever can be among them: `last_minute` says who
-- has played it then, without being made a time for every row that is passed over.
DROP VIEW visible_listening;
CREATE VIEW visible_listening AS
SELECT l.account_id, l.kind, l.item, l.plays, l.last_minute, a.did, a.handle, a.listed
FROM listening l
JOIN visible_account a ON a.id = l.account_id;

-- What counts of each account's plays, to be counted alone: as all figures, without asking whether the play itself shows.
CREATE VIEW visible_heard AS SELECT account_id, played_at, artists FROM teal_play WHERE canonical;
