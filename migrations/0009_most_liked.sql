-- The tracks that most like, in order.

CREATE INDEX IF NOT EXISTS subject_count_likes ON subject_count (like_count DESC, subject DESC)
    WHERE owner <> 0 AND like_count > 0;

-- To be ordered by (likes, uri), and joined with visible_track, which says whether a track shows.
CREATE VIEW visible_liked_track AS
SELECT subject AS uri, like_count AS likes FROM subject_count WHERE owner <> 0 AND like_count > 0;
