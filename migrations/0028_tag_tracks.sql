-- The tracks of a tag by how popular they are, as well as by when they came: both orders are read as they stand.

-- A row for each tag of every track that shows. A function of tracks, likes, plays and who is visible.
CREATE TABLE tag_track (
    account_id bigint NOT NULL,
    sort_at    timestamptz NOT NULL,
    likes      integer NOT NULL,
    plays      integer NOT NULL,
    rkey       text COLLATE "C" NOT NULL,
    tag        text COLLATE "C" NOT NULL,
    PRIMARY KEY (tag, sort_at, account_id, rkey)
) WITH (fillfactor = 90);

INSERT INTO tag_track (account_id, sort_at, likes, plays, rkey, tag)
SELECT r.account_id, r.sort_at, coalesce(c.like_count, 0), r.play_count, r.rkey, own.tag
FROM ranked_track r
LEFT JOIN subject_count c ON c.subject = r.uri
CROSS JOIN LATERAL unnest(r.tags) AS own (tag);

CREATE INDEX tag_track_most ON tag_track (tag, likes, plays, sort_at, account_id, rkey);

CREATE OR REPLACE VIEW visible_track_tag AS
SELECT g.tag, g.sort_at, g.account_id, g.rkey, a.listed, g.likes, g.plays
FROM tag_track g
JOIN visible_account a ON a.id = g.account_id
WHERE NOT coalesce((
    SELECT true
    FROM visibility v
    WHERE v.account_id = g.account_id AND v.subject = 'fm.plyr.track/' || g.rkey AND v.hides_view
    LIMIT 1
), false);

DROP TABLE plyr_track_tag;
