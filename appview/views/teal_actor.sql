-- fragment: teal_profile_view(account, profile, alpha)
-- The profileView of teal, of a row of visible_account and of its row of visible_teal_profile, which may be NULL: what
-- that does not say, the account's other profiles may.
json_build_object(
    'did', :account.did,
    'displayName', coalesce(:profile.display_name, {{display_name(:account)}}),
    'description', :profile.description,
    'descriptionFacets', :profile.facets,
    'featuredItem', CASE WHEN num_nulls(:profile.featured_mbid, :profile.featured_type) = 0 THEN json_build_object(
        'mbid', {{mbid(:profile.featured_mbid)}}, 'type', :profile.featured_type
    ) END,
    'avatar', coalesce(:profile.avatar_cid, :account.avatar_cid),
    'banner', :profile.banner_cid,
    'status', (SELECT {{teal_status_view(playing, :alpha)}} FROM visible_status playing
               WHERE playing.account_id = :account.id AND playing.expires_at > now()),
    'createdAt', {{time(:profile.created_at)}}
)

-- fragment: teal_mini_profile_view(account, profile)
-- The miniProfileView of teal, of the same rows.
json_build_object(
    'did', :account.did,
    'displayName', coalesce(:profile.display_name, {{display_name(:account)}}),
    'handle', :account.handle,
    'avatar', coalesce(:profile.avatar_cid, :account.avatar_cid)
)

-- fragment: teal_status_view(status, alpha)
-- The statusView of teal, of a row of visible_status.
json_build_object(
    'time', {{time(:status.started_at)}},
    'expiry', {{time(:status.expires_at)}},
    'item', json_build_object({{music(:status, :alpha)}})
)
