-- What an account is called and looks like, made of its three profiles when one of them is written, so that a page of
-- fifty tracks need not ask for a hundred and fifty profiles. A function of the profiles; NULL where none says it.
CREATE TABLE actor_name (
    account_id   bigint PRIMARY KEY,
    display_name text,
    avatar       text, -- a URI
    avatar_cid   text COLLATE "C"
) WITH (fillfactor = 80);

INSERT INTO actor_name (account_id, display_name, avatar, avatar_cid)
SELECT *
FROM (
    SELECT a.id, coalesce(b.display_name, t.display_name), p.avatar, coalesce(b.avatar_cid, t.avatar_cid)
    FROM account a
    LEFT JOIN plyr_profile p ON p.account_id = a.id
    LEFT JOIN bsky_profile b ON b.account_id = a.id
    LEFT JOIN LATERAL (SELECT * FROM teal_profile s WHERE s.account_id = a.id ORDER BY s.alpha LIMIT 1) t ON true
) AS said (account_id, display_name, avatar, avatar_cid)
WHERE num_nonnulls(display_name, avatar, avatar_cid) > 0;

-- A row of it is all that the view of an account is made of. Whether it shows is asked row by row, of an index: from NOT
-- EXISTS a plan may make a join that reads all that is hidden, and IS NULL it takes for rare.
CREATE OR REPLACE VIEW visible_account AS
SELECT a.id, a.did, a.first_seen,
       CASE WHEN i.handle_valid THEN i.handle ELSE 'handle.invalid' END AS handle,
       i.pds,
       NOT coalesce(
           (SELECT true FROM visibility v WHERE v.account_id = a.id AND v.subject = '' AND v.hides_list LIMIT 1), false
       ) AS listed,
       n.display_name, n.avatar, n.avatar_cid
FROM account a
LEFT JOIN identity i ON i.account_id = a.id
LEFT JOIN actor_name n ON n.account_id = a.id
WHERE NOT coalesce(
    (SELECT true FROM visibility v WHERE v.account_id = a.id AND v.subject = '' AND v.hides_view LIMIT 1), false
);

CREATE OR REPLACE VIEW visible_profile AS
SELECT a.id AS account_id, a.did, a.handle, a.pds, a.listed, a.first_seen,
       a.display_name, a.avatar, a.avatar_cid,
       coalesce(b.banner_cid, t.banner_cid) AS banner_cid,
       coalesce(p.bio, t.description, b.description) AS description,
       coalesce(p.created_at, b.created_at, t.created_at) AS created_at,
       coalesce(p.indexed_at, b.indexed_at, t.indexed_at) AS indexed_at,
       coalesce(c.track_count, 0) AS track_count,
       coalesce(c.likes_received, 0) AS likes_received,
       coalesce(c.scrobble_count, 0) AS scrobble_count,
       coalesce(c.total_duration, 0) AS total_duration,
       coalesce(c.playlist_count, 0) AS playlist_count,
       (SELECT count(*) FROM visible_album m WHERE m.account_id = a.id) AS album_count
FROM visible_account a
LEFT JOIN plyr_profile p ON p.account_id = a.id
LEFT JOIN bsky_profile b ON b.account_id = a.id
LEFT JOIN LATERAL (SELECT * FROM teal_profile s WHERE s.account_id = a.id ORDER BY s.alpha LIMIT 1) t ON true
LEFT JOIN actor_count c ON c.account_id = a.id;
