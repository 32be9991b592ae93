-- fragment: activity_view(act, viewer)
-- The activityView of a row with account_id, rkey, kind, uri, sort_at and `track`, the uri of the track that it is about,
-- as text.
CASE WHEN :act.track IS NULL THEN {{present({{activity_fields(:act)}})}} ELSE (
    SELECT '{"track":' || {{track_view(about, :viewer)}} || ',' || substr({{present({{activity_fields(:act)}})}}, 2)
    FROM visible_track about
    WHERE about.uri = :act.track
) END

-- fragment: activity_fields(act)
-- All of an activityView but its track.
json_build_object(
    'kind', :act.kind,
    'uri', :act.uri,
    'at', {{time(:act.sort_at)}},
    'actor', {{actor_view_basic(:act.account_id)}},
    'comment', CASE WHEN :act.kind = 'comment' THEN (
        SELECT {{comment_view(said)}}
        FROM visible_comment said
        WHERE said.account_id = :act.account_id AND said.rkey = :act.rkey
    ) END,
    'list', CASE WHEN :act.kind = 'list' THEN (
        SELECT {{list_view(made)}}
        FROM visible_list made
        WHERE made.account_id = :act.account_id AND made.rkey = :act.rkey
    ) END
)

-- fragment: rkey_before(rank, last_rank, last_rkey)
-- Before which key a kind goes on, of the moment and account at which the last page ended: before all, of a kind that
-- comes behind; before none, of one that came before.
CASE WHEN :rank < :last_rank::bigint THEN chr(1114111) WHEN :rank = :last_rank::bigint THEN :last_rkey ELSE '' END
