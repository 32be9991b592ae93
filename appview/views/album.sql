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

-- fragment: album_of_track(track)
-- The trackAlbum of a row of visible_track: the first of its author's album lists in which it stands, else the album that
-- it names.
coalesce(
    (SELECT json_build_object('title', home.title, 'slug', home.slug, 'uri', home.uri, 'image', home.image)
     FROM visible_album_track home
     WHERE home.account_id = :track.account_id AND home.rkey = :track.rkey AND home.by_list
     ORDER BY home.album
     LIMIT 1),
    (SELECT json_build_object('title', home.title, 'slug', home.slug, 'image', home.image)
     FROM visible_album_track home
     WHERE home.account_id = :track.account_id AND home.rkey = :track.rkey AND NOT home.by_list
     LIMIT 1),
    CASE WHEN :track.album IS NOT NULL THEN json_build_object('title', :track.album) END
)
