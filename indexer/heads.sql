-- name: now
-- The database's time.
SELECT now();

-- name: judge
-- Which of the repos that a host speaks for differ from what it says of them, their rows locked. Of a repo for which
-- events wait nothing can be told. A host that an account has moved to gives the commit that it brought a rev of its
-- own: the same commit is the same repo.
-- $1 dids text[], $2 revs text[], $3 commits bytea[], $4 origin text
SELECT r.account_id, a.did,
       s.rev IS NULL OR r.rev IS NULL OR (s.rev > r.rev AND s.commit IS DISTINCT FROM r.commit)
           OR (s.rev = r.rev AND s.commit <> coalesce(r.commit, s.commit)) AS differs
FROM unnest($1::text[], $2::text[], $3::bytea[]) AS s (did, rev, commit)
JOIN account a ON a.did = s.did
JOIN identity i ON i.account_id = a.id
JOIN repo r ON r.account_id = a.id
WHERE r.state = 'synced' AND i.pds = $4
  AND NOT EXISTS (SELECT FROM buffered_event b WHERE b.account_id = a.id)
ORDER BY r.account_id
FOR UPDATE OF r;

-- name: mark
-- What these repos' hosts had at a time is here, or will be fetched.
-- $1 account_ids bigint[], $2 at timestamptz
UPDATE repo SET compared_at = greatest(compared_at, $2) WHERE account_id = ANY ($1::bigint[]);
