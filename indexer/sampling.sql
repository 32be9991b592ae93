-- name: changed_last
-- One of the repos that changed last, whose host is to be asked.
-- $1 not_now text[]
SELECT last.did, last.pds
FROM (
    SELECT a.did, i.pds
    FROM repo r
    JOIN account a ON a.id = r.account_id
    JOIN identity i ON i.account_id = r.account_id
    WHERE r.state = 'synced' AND NOT i.stale AND i.pds <> ALL ($1::text[])
    ORDER BY r.rev DESC NULLS LAST
    LIMIT 200
) AS last
ORDER BY random()
LIMIT 1;

-- name: asked_longest_ago
-- The repo whose host was not asked for longest, and is to be: not for so many seconds.
-- $1 not_now text[], $2 seconds double precision
SELECT first.did, first.pds
FROM (
    SELECT a.did, i.pds, r.compared_at
    FROM repo r
    JOIN account a ON a.id = r.account_id
    JOIN identity i ON i.account_id = r.account_id
    WHERE r.state = 'synced' AND NOT i.stale AND i.pds <> ALL ($1::text[])
    ORDER BY r.compared_at NULLS FIRST
    LIMIT 1
) AS first
WHERE first.compared_at IS NULL OR first.compared_at <= now() - $2::double precision * interval '1 second';

-- name: pass_over
-- What its host has may still come, so it is asked again when the others were: who writes all the time would have all
-- turns. For a gap that waits for the repo to be compared that is too little.
-- $1 did text, $2 asked_at timestamptz
UPDATE repo r
SET compared_at = greatest(r.compared_at, $2)
FROM account a
WHERE a.id = r.account_id AND a.did = $1 AND r.state = 'synced'
  AND NOT EXISTS (
    SELECT FROM stream_gap g WHERE g.healed_at IS NULL AND (r.compared_at IS NULL OR r.compared_at <= g.noted_at)
  );

-- name: stored
-- What is here of a repo at a host; since when all that is new came through the stream of a source; and how far that
-- was behind when it was written last.
-- $1 did text, $2 origin text, $3 source text
SELECT r.rev, r.commit, greatest(r.synced_at, c.subscribed_at) AS live_since, c.updated_at - c.event_time AS lag
FROM account a
JOIN repo r ON r.account_id = a.id
JOIN identity i ON i.account_id = a.id
JOIN source_cursor c ON c.source = $3 AND c.shard = ''
WHERE a.did = $1 AND i.pds = $2 AND r.state = 'synced' AND NOT i.stale;

-- name: newest_of_others
-- What was written last at other hosts than these, after a rev; since when all that is new came through the stream of a
-- source.
-- $1 hosts text[], $2 rev text, $3 source text
SELECT r.rev, greatest(r.synced_at, c.subscribed_at) AS live_since
FROM repo r
JOIN identity i ON i.account_id = r.account_id
JOIN source_cursor c ON c.source = $3 AND c.shard = ''
WHERE r.state = 'synced' AND NOT i.stale AND i.pds <> ALL ($1::text[]) AND r.rev > $2
ORDER BY r.rev DESC
LIMIT 200;
