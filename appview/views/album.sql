-- fragment: album_view(album)
-- The albumView of a row of visible_album.
json_build_object(
    'title', :album.title,
    'slug', :album.slug,
    'author', {{actor_view_basic(:album.account_id)}},
    'uri', :album.uri,
    'image', :album.image,
    'trackCount', :album.track_count,
    'totalDuration', {{exact_integer(:album.total_duration)}},
    'createdAt', {{time(:album.since)}}
)
