-- name: accounts
-- Every account that is known, with its state, identity, and whether it shows.
SELECT a.did, a.active, a.deleted, a.status, r.state, r.rev, r.data, r.last_error, r.attempts, r.refetch,
       i.pds, i.signing_key, i.stale, CASE WHEN i.handle_valid THEN i.handle ELSE 'handle.invalid' END AS handle,
       EXISTS (SELECT FROM visible_account v WHERE v.id = a.id) AS shows,
       (SELECT count(*) FROM buffered_event b WHERE b.account_id = a.id) AS waiting
FROM account a
LEFT JOIN repo r ON r.account_id = a.id
LEFT JOIN identity i ON i.account_id = a.id;

-- name: records
-- Every raw record.
SELECT a.did, r.collection, r.rkey, r.cid, r.rev, r.indexed_at, r.invalid, r.unsigned, r.value
FROM record r
JOIN account a ON a.id = r.account_id;

-- name: at
-- The moment of this transaction.
SELECT now();

-- name: synced
-- How many repos are synced, as views have it.
SELECT repo_count FROM visible_totals;

-- name: cursor
-- How far the source has been read that was subscribed to last.
SELECT source, seq FROM source_cursor ORDER BY subscribed_at DESC LIMIT 1;

-- name: unsettled
-- The accounts that are not at rest: their repo, their identity, or events that wait.
SELECT a.did, r.state, r.last_error, r.attempts, r.rev, (r.next_attempt_at - now())::text AS due, (r.lease_until - now())::text AS lease,
       i.stale, (i.check_at - now())::text AS check_due, (i.resolved_at - now())::text AS resolved, waiting.events, waiting.since
FROM account a
JOIN repo r ON r.account_id = a.id
JOIN identity i ON i.account_id = a.id
CROSS JOIN LATERAL (
    SELECT count(*) AS events, (max(b.received_at) - now())::text AS since FROM buffered_event b WHERE b.account_id = a.id
) AS waiting
WHERE a.active AND (r.state NOT IN ('synced', 'inactive') OR i.stale OR waiting.events > 0);

-- name: gaps
-- The gaps that are not healed, and whom they wait for.
SELECT g.id, g.reason, g.noted_at::text AS noted_at, (
    SELECT string_agg(concat_ws(' ', a.did, r.state, a.status, r.compared_at, i.resolved_at, i.stale, i.attempts), '; ')
    FROM repo r
    JOIN account a ON a.id = r.account_id
    JOIN identity i ON i.account_id = r.account_id
    WHERE NOT a.deleted AND (
        r.compared_at IS NULL OR r.compared_at <= g.noted_at OR i.resolved_at IS NULL OR i.resolved_at <= g.noted_at
    )
) AS waits_for
FROM stream_gap g
WHERE g.healed_at IS NULL;

-- name: plyr_track
-- All tracks.
SELECT a.did, t.* FROM plyr_track t LEFT JOIN account a ON a.id = t.account_id;

-- name: tag_track
-- All tags of tracks that show.
SELECT a.did, t.* FROM tag_track t LEFT JOIN account a ON a.id = t.account_id;

-- name: plyr_like
-- All likes.
SELECT a.did, t.* FROM plyr_like t LEFT JOIN account a ON a.id = t.account_id;

-- name: plyr_comment
-- All comments.
SELECT a.did, t.* FROM plyr_comment t LEFT JOIN account a ON a.id = t.account_id;

-- name: plyr_list
-- All lists.
SELECT a.did, t.* FROM plyr_list t LEFT JOIN account a ON a.id = t.account_id;

-- name: plyr_list_item
-- All items of lists.
SELECT a.did, t.* FROM plyr_list_item t LEFT JOIN account a ON a.id = t.account_id;

-- name: album
-- All albums.
SELECT a.did, t.* FROM album t LEFT JOIN account a ON a.id = t.account_id;

-- name: album_track
-- All places of tracks in albums.
SELECT a.did, t.* FROM album_track t LEFT JOIN account a ON a.id = t.account_id;

-- name: plyr_profile
-- All profiles of plyr.
SELECT a.did, t.* FROM plyr_profile t LEFT JOIN account a ON a.id = t.account_id;

-- name: bsky_profile
-- All profiles of bsky.
SELECT a.did, t.* FROM bsky_profile t LEFT JOIN account a ON a.id = t.account_id;

-- name: teal_profile
-- All profiles of teal.
SELECT a.did, t.* FROM teal_profile t LEFT JOIN account a ON a.id = t.account_id;

-- name: teal_play
-- All plays.
SELECT a.did, t.* FROM teal_play t LEFT JOIN account a ON a.id = t.account_id;

-- name: teal_status
-- All statuses.
SELECT a.did, t.* FROM teal_status t LEFT JOIN account a ON a.id = t.account_id;

-- name: subject_count
-- What is counted of each subject, and whose it is.
SELECT a.did AS owner, t.subject, t.like_count, t.comment_count
FROM subject_count t
LEFT JOIN account a ON a.id = t.owner;

-- name: actor_count
-- What is counted of each account.
SELECT a.did, t.* FROM actor_count t LEFT JOIN account a ON a.id = t.account_id;

-- name: tag_count
-- How many tracks have each tag.
SELECT * FROM tag_count;

-- name: totals
-- What is counted of all.
SELECT sum(track_count) AS track_count, sum(artist_count) AS artist_count, sum(like_count) AS like_count,
       sum(comment_count) AS comment_count, sum(scrobble_count) AS scrobble_count, sum(total_duration) AS total_duration,
       sum(list_count) AS list_count, sum(listener_count) AS listener_count
FROM totals;

-- name: record_link
-- All links.
SELECT a.did, t.* FROM record_link t LEFT JOIN account a ON a.id = t.account_id;

-- name: link_count
-- How many records and accounts have each link.
SELECT * FROM link_count;

-- name: ranked_track
-- All tracks that show, and what is counted of them.
SELECT a.did, t.* FROM ranked_track t LEFT JOIN account a ON a.id = t.account_id;

-- name: track_play
-- All plays of tracks.
SELECT a.did, o.did AS owner, t.rkey, t.alpha, t.day, t.subject
FROM track_play t
LEFT JOIN account a ON a.id = t.account_id
LEFT JOIN account o ON o.id = t.owner;

-- name: track_listener
-- Who listens to whom.
SELECT a.did, o.did AS owner, t.plays
FROM track_listener t
LEFT JOIN account a ON a.id = t.account_id
LEFT JOIN account o ON o.id = t.owner;

-- name: heard_actor
-- What is counted of authors.
SELECT a.did, t.* FROM heard_actor t LEFT JOIN account a ON a.id = t.account_id;

-- name: heard_tag
-- What is counted of tags.
SELECT * FROM heard_tag;

-- name: heard_total
-- What is counted of all plays of tracks.
SELECT sum(play_count) AS play_count FROM heard_total;

-- name: subject_day
-- What subjects received on each day.
SELECT * FROM subject_day;

-- name: actor_day
-- What authors published and received on each day.
SELECT a.did, t.* FROM actor_day t LEFT JOIN account a ON a.id = t.account_id;

-- name: total_day
-- The same of all.
SELECT day, sum(tracks) AS tracks, sum(likes) AS likes, sum(comments) AS comments FROM total_day GROUP BY day;

-- name: heard_day
-- Plays of tracks on each day.
SELECT * FROM heard_day;

-- name: listener_day
-- How many tracks were played by whom on each day.
SELECT a.did, t.* FROM listener_day t LEFT JOIN account a ON a.id = t.account_id;

-- name: heard_total_day
-- Plays and listeners of all.
SELECT day, sum(plays) AS plays, sum(listeners) AS listeners FROM heard_total_day GROUP BY day;

-- name: track_recent
-- Likes and plays in the windows.
SELECT * FROM track_recent;

-- name: actor_name
-- What accounts are called and look like.
SELECT a.did, t.* FROM actor_name t LEFT JOIN account a ON a.id = t.account_id;

-- name: search_document
-- What can be found; nobody has tags.
SELECT a.did, t.*, length(t.words) AS word_count, tsvector_to_array(ts_filter(t.words, '{a}')) AS named,
       tsvector_to_array(ts_filter(t.words, '{b}')) AS beside
FROM search_document t
LEFT JOIN account a ON a.id = t.account_id;

-- name: search_word
-- The vocabulary.
SELECT * FROM search_word;

-- name: chart_window
-- Where the windows of the charts begin.
SELECT * FROM chart_window;

-- name: played
-- What was played, and by which words it is found.
SELECT p.*, length(p.words) AS word_count, tsvector_to_array(ts_filter(p.words, '{a}')) AS named,
       tsvector_to_array(ts_filter(p.words, '{b}')) AS beside
FROM played p;

-- name: played_word
-- Its vocabulary.
SELECT * FROM played_word;

-- name: played_total
-- How often, and by how many.
SELECT t.kind, p.key, t.plays, t.listeners FROM played_total t LEFT JOIN played p ON p.id = t.item AND p.kind = t.kind;

-- name: played_recent
-- The same in the windows.
SELECT p.key, t.kind, t.plays_365, t.plays_180, t.plays_90, t.plays_61, t.plays_30, t.plays_15, t.plays_7, t.plays_3, t.plays_1,
       t.listeners_365, t.listeners_180, t.listeners_90, t.listeners_30, t.listeners_7, t.listeners_1
FROM played_recent t
LEFT JOIN played p ON p.id = t.item AND p.kind = t.kind;

-- name: played_name
-- How else it is called.
SELECT p.kind, p.key, t.name, t.credit, t.plays, replace(t.key::text, '-', '') AS name_key
FROM played_name t
LEFT JOIN played p ON p.id = t.item;

-- name: played_by
-- Whose it is.
SELECT a.key AS artist, t.kind, p.key AS item, t.names
FROM played_by t
LEFT JOIN played a ON a.id = t.artist AND a.kind = 'artist'
LEFT JOIN played p ON p.id = t.item AND p.kind = t.kind;

-- name: played_on
-- How often recordings were played as part of releases.
SELECT r.key AS release, p.key AS recording, t.plays
FROM played_on t
LEFT JOIN played r ON r.id = t.release AND r.kind = 'release'
LEFT JOIN played p ON p.id = t.recording AND p.kind = 'recording';

-- name: listening
-- Who has heard what.
SELECT a.did, t.kind, p.key, t.plays, t.last_minute
FROM listening t
LEFT JOIN account a ON a.id = t.account_id
LEFT JOIN played p ON p.id = t.item AND p.kind = t.kind;

-- name: listener
-- How much accounts have heard.
SELECT a.did, t.* FROM listener t LEFT JOIN account a ON a.id = t.account_id;
