-- name: add_to_subjects
-- Add to what stands there; gives the rows of which nothing is left.
-- $1 subjects text[], $2 days date[], $3 likes integer[], $4 comments integer[]
WITH added AS (
    INSERT INTO subject_day AS d (subject, day, likes, comments)
    SELECT *
    FROM unnest($1::text[], $2::date[], $3::integer[], $4::integer[]) AS change (subject, day, likes, comments)
    ORDER BY subject COLLATE "C", day
    ON CONFLICT (subject, day) DO UPDATE
    SET likes = d.likes + EXCLUDED.likes, comments = d.comments + EXCLUDED.comments
    RETURNING subject, day, likes, comments
)
SELECT subject, day FROM added WHERE likes = 0 AND comments = 0;

-- name: drop_subjects
-- Days on which nothing happened to a subject.
-- $1 subjects text[], $2 days date[]
DELETE FROM subject_day d
USING unnest($1::text[], $2::date[]) AS gone (subject, day)
WHERE d.subject = gone.subject AND d.day = gone.day AND d.likes = 0 AND d.comments = 0;

-- name: days_of_subjects
-- All that some subjects have received.
-- $1 subjects text[]
SELECT subject, day, likes, comments FROM subject_day WHERE subject = ANY ($1);

-- name: add_to_actors
-- Add to what stands there; gives the rows of which nothing is left.
-- $1 account_ids bigint[], $2 days date[], $3 tracks integer[], $4 likes integer[], $5 comments integer[]
WITH added AS (
    INSERT INTO actor_day AS d (account_id, day, tracks, likes, comments)
    SELECT *
    FROM unnest($1::bigint[], $2::date[], $3::integer[], $4::integer[], $5::integer[])
        AS change (account_id, day, tracks, likes, comments)
    ORDER BY account_id, day
    ON CONFLICT (account_id, day) DO UPDATE
    SET tracks = d.tracks + EXCLUDED.tracks, likes = d.likes + EXCLUDED.likes, comments = d.comments + EXCLUDED.comments
    RETURNING account_id, day, tracks, likes, comments
)
SELECT account_id, day FROM added WHERE tracks = 0 AND likes = 0 AND comments = 0;

-- name: drop_actors
-- Days on which nothing happened to an author.
-- $1 account_ids bigint[], $2 days date[]
DELETE FROM actor_day d
USING unnest($1::bigint[], $2::date[]) AS gone (account_id, day)
WHERE d.account_id = gone.account_id AND d.day = gone.day AND d.tracks = 0 AND d.likes = 0 AND d.comments = 0;

-- name: add_to_totals
-- Add to the totals, slot by slot; gives the rows of which nothing is left.
-- $1 days date[], $2 slots smallint[], $3 tracks bigint[], $4 likes bigint[], $5 comments bigint[]
WITH added AS (
    INSERT INTO total_day AS d (day, slot, tracks, likes, comments)
    SELECT *
    FROM unnest($1::date[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS change (day, slot, tracks, likes, comments)
    ORDER BY day, slot
    ON CONFLICT (day, slot) DO UPDATE
    SET tracks = d.tracks + EXCLUDED.tracks, likes = d.likes + EXCLUDED.likes, comments = d.comments + EXCLUDED.comments
    RETURNING day, slot, tracks, likes, comments
)
SELECT day, slot FROM added WHERE tracks = 0 AND likes = 0 AND comments = 0;

-- name: drop_totals
-- Days on which nothing happened.
-- $1 days date[], $2 slots smallint[]
DELETE FROM total_day d
USING unnest($1::date[], $2::smallint[]) AS gone (day, slot)
WHERE d.day = gone.day AND d.slot = gone.slot AND d.tracks = 0 AND d.likes = 0 AND d.comments = 0;

-- name: clear
-- Nothing has happened on any day.
TRUNCATE subject_day, actor_day, total_day;
