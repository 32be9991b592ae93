-- What lists sum up of their tracks, and by what an account's tracks are put in order: without the rest of what shows of
-- a track, which takes ten times as long to look up. Whether an account shows decides what stands in `ranked_track`.

-- For a row of visible_account.
CREATE VIEW visible_ranked_track AS
SELECT r.account_id, r.rkey, r.uri, r.sort_at, r.tags, coalesce(c.like_count, 0) AS like_count, r.play_count
FROM ranked_track r
LEFT JOIN subject_count c ON c.subject = r.uri
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = r.account_id AND v.subject = 'fm.plyr.track/' || r.rkey AND v.hides_view
    LIMIT 1
), false);

-- For a row of visible_list: whether the list shows is not asked again for each of its items.
CREATE VIEW visible_listed_track AS
SELECT i.account_id, i.rkey, i.place, t.duration, t.image
FROM plyr_list_item i
JOIN visible_ranked_track r ON r.uri = i.subject
JOIN plyr_track t ON t.account_id = r.account_id AND t.rkey = r.rkey;
