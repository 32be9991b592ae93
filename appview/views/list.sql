-- fragment: list_view(list)
-- The listView of a row of visible_list. Its items are counted when it is read: whether they show may change at any time.
(SELECT json_build_object(
     'uri', :list.uri,
     'cid', :list.cid,
     'author', {{actor_view_basic(:list.account_id)}},
     'listType', :list.list_type,
     'name', :list.name,
     'itemCount', shown.item_count,
     'missingCount', :list.item_count - shown.item_count,
     'totalDuration', {{exact_integer(shown.total_duration)}},
     'images', {{first_images(shown.images)}},
     'createdAt', {{time(:list.created_at)}},
     'updatedAt', {{time(:list.updated_at)}},
     'indexedAt', {{time(:list.indexed_at)}}
 )
 FROM (
     SELECT count(*) AS item_count, coalesce(sum(track.duration), 0) AS total_duration,
            array_agg(track.image ORDER BY track.place) FILTER (WHERE track.image IS NOT NULL) AS images
     FROM visible_listed_track track
     WHERE track.account_id = :list.account_id AND track.rkey = :list.rkey
 ) shown)

-- fragment: first_images(images)
-- The first four of an array that differ; NULL when there are none.
(SELECT json_agg(image ORDER BY place)
 FROM (
     SELECT image, min(place) AS place
     FROM unnest(:images) WITH ORDINALITY AS cover (image, place)
     GROUP BY image
     ORDER BY place
     LIMIT 4
 ) cover)

-- fragment: item_view(item, track, viewer)
-- The itemView of a row of visible_list_item and of its track, as text.
'{"position":' || :item.place || ',"uri":' || to_json(:item.subject) || ',"track":' || {{track_view(:track, :viewer)}} || '}'
