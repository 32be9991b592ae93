-- A database that is killed may lose one of the transactions in which a repo is written.

-- `portions`: how many of the present lease are written, but for the last.
ALTER TABLE repo ADD COLUMN portions integer NOT NULL DEFAULT 0;
