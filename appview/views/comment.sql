-- fragment: comment_view(comment)
-- The commentView of a row of visible_comment.
json_build_object(
    'uri', :comment.uri,
    'cid', :comment.cid,
    'author', {{actor_view_basic(:comment.account_id)}},
    'subject', json_build_object('uri', :comment.subject, 'cid', :comment.subject_cid),
    'text', :comment.text,
    'timestampMs', :comment.timestamp_ms,
    'createdAt', {{time(:comment.created_at)}},
    'updatedAt', {{time(:comment.updated_at)}},
    'indexedAt', {{time(:comment.indexed_at)}}
)
