-- What protocol-wide and teal's own reads go by.

-- The latest plays of all.
CREATE INDEX IF NOT EXISTS teal_play_by_time ON teal_play (played_at) WHERE canonical;

-- Accounts by the beginning of their handle, or of the name in teal's profile.
CREATE INDEX teal_profile_by_name ON teal_profile (lower(display_name) COLLATE "C", account_id);

CREATE OR REPLACE VIEW visible_handle AS
SELECT i.handle, a.id AS account_id, a.listed
FROM identity i
JOIN visible_account a ON a.id = i.account_id
WHERE i.handle_valid;

CREATE VIEW visible_teal_name AS
SELECT lower(p.display_name) COLLATE "C" AS name, a.id AS account_id, a.handle, a.listed
FROM teal_profile p
JOIN visible_account a ON a.id = p.account_id
-- Not EXISTS, for which a plan would hash all profiles.
WHERE p.alpha = (SELECT s.alpha FROM teal_profile s WHERE s.account_id = p.account_id ORDER BY s.alpha LIMIT 1);
