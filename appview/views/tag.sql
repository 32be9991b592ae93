-- fragment: tag_view(tag)
-- The tagView of a row of visible_tag.
json_build_object('name', :tag.tag, 'trackCount', :tag.track_count)
