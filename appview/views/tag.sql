-- fragment: tag_view(tag)
-- The tagView of a row of visible_tag.
json_build_object(
    'name', :tag.tag,
    'trackCount', :tag.track_count,
    'playCount', coalesce((SELECT heard.play_count FROM visible_heard_tag heard WHERE heard.tag = :tag.tag), 0)
)
