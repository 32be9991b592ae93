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
