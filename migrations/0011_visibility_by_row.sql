-- Whether a track shows is asked row by row as well, see 0010.
CREATE OR REPLACE VIEW visible_track AS
SELECT t.*, a.did, a.handle, a.pds,
       a.listed AND NOT coalesce((
           SELECT true
           FROM visibility v
           WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_list
           LIMIT 1
       ), false) AS listed,
       coalesce(c.like_count, 0) AS like_count, coalesce(c.comment_count, 0) AS comment_count
FROM plyr_track t
JOIN visible_account a ON a.id = t.account_id
LEFT JOIN subject_count c ON c.subject = t.uri
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = t.account_id AND v.subject = 'fm.plyr.track/' || t.rkey AND v.hides_view
    LIMIT 1
), false);
