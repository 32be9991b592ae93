-- fragment: like_view(like)
-- The likeView of a row of visible_like.
json_build_object(
    'uri', :like.uri,
    'actor', {{actor_view_basic(:like.account_id)}},
    'createdAt', {{time(:like.created_at)}},
    'indexedAt', {{time(:like.indexed_at)}}
)
