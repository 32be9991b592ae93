-- fragment: totals_view(totals)
-- The answer of fm.plyr.stats.getStats, of the row of visible_totals.
json_build_object(
    'trackCount', :totals.track_count,
    'artistCount', :totals.artist_count,
    'totalDuration', {{exact_integer(:totals.total_duration)}},
    'likeCount', :totals.like_count,
    'commentCount', :totals.comment_count,
    'listCount', :totals.list_count,
    'scrobbleCount', :totals.scrobble_count,
    'playCount', (SELECT h.play_count FROM visible_heard_total h),
    'listenerCount', (SELECT h.listener_count FROM visible_heard_total h),
    'repoCount', :totals.repo_count,
    'indexedAt', {{time(:totals.indexed_at)}}
)

-- fragment: last_days(days)
-- As many days until today, as a table with the column `day`.
(SELECT {{today()}} - ago AS day FROM generate_series(0, :days::integer - 1) ago)

-- fragment: figure(received, heard, metric)
-- The figure with that name, of a day's rows; either may be missing.
CASE :metric
    WHEN 'tracks' THEN :received.tracks
    WHEN 'likes' THEN :received.likes
    WHEN 'comments' THEN :received.comments
    WHEN 'plays' THEN :heard.plays
    ELSE :heard.listeners
END

-- fragment: point(day, number)
-- A day and its figure, as text.
json_build_object('day', to_char(:day, 'YYYY-MM-DD'), 'count', coalesce(:number, 0))::text

-- fragment: actor_stats(profile, days)
-- What fm.plyr.stats.getActorStats says of a row of visible_profile, but for the tracks. A day's plays are counted in an
-- index: it takes as long as these days have plays, and no look at any other.
json_build_object(
    'actor', {{actor_view_detailed(:profile)}},
    'points', (
        SELECT json_agg(json_build_object(
            'day', to_char(d.day, 'YYYY-MM-DD'),
            'plays', (SELECT count(*) FROM visible_listening_day l WHERE l.owner = :profile.account_id AND l.day = d.day),
            'likes', coalesce((
                SELECT r.likes FROM visible_actor_day r WHERE r.account_id = :profile.account_id AND r.day = d.day
            ), 0)
        ) ORDER BY d.day)
        FROM {{last_days(:days)}} d
    )
)
