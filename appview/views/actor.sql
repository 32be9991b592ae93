-- fragment: avatar(profile)
-- The picture: the one that fm.plyr names, else the blob of bsky's profile, else of teal's.
coalesce(:profile.avatar, {{blob_url(:profile, :profile.avatar_cid)}})

-- fragment: display_name(profile)
-- The name that a profile gives, else the handle.
coalesce(:profile.display_name, :profile.handle)

-- fragment: actor_view_basic(account)
-- The actorViewBasic of the visible account with that id.
(SELECT {{actor_of(basic)}} FROM visible_account basic WHERE basic.id = :account)

-- fragment: actor_of(row)
-- The actorViewBasic of the account that a row of a visible_* view belongs to.
({{actor_text(:row)}})::json

-- fragment: actor_text(row)
-- The same as text. Nothing of a DID or a handle has to be escaped.
'{"did":"' || :row.did || '","handle":"' || :row.handle || '"'
|| {{field(displayName, {{display_name(:row)}})}} || {{field(avatar, {{avatar(:row)}})}} || '}'

-- fragment: actor_view(profile)
-- The actorView of a row of visible_profile.
json_build_object({{about_actor(:profile)}})

-- fragment: about_actor(profile)
-- What an account says about itself, as arguments of json_build_object: a row of visible_profile.
'did', :profile.did,
'handle', :profile.handle,
'displayName', {{display_name(:profile)}},
'avatar', {{avatar(:profile)}},
'description', :profile.description,
'createdAt', {{time(:profile.created_at)}},
'indexedAt', {{time(:profile.first_seen)}}

-- fragment: actor_view_detailed(profile)
-- The actorViewDetailed of a row of visible_profile.
json_build_object(
    {{about_actor(:profile)}},
    'trackCount', :profile.track_count,
    'albumCount', :profile.album_count,
    'playlistCount', :profile.playlist_count,
    'likesReceivedCount', :profile.likes_received,
    'scrobbleCount', :profile.scrobble_count,
    'totalDuration', {{exact_integer(:profile.total_duration)}},
    'playCount', coalesce((SELECT h.play_count FROM visible_heard_actor h WHERE h.account_id = :profile.account_id), 0),
    'listenerCount', coalesce((SELECT h.listener_count FROM visible_heard_actor h WHERE h.account_id = :profile.account_id), 0),
    'nowPlaying', (SELECT {{now_playing_view(playing)}} FROM visible_status playing
                   WHERE playing.account_id = :profile.account_id AND playing.expires_at > now())
)

-- fragment: now_playing_view(status)
-- The nowPlayingView of an account that is listening: a row of visible_status that has not expired.
json_build_object(
    'did', :status.did,
    'isPlaying', true,
    'item', json_build_object({{music(:status, false)}}),
    'startedAt', {{time(:status.started_at)}},
    'expiresAt', {{time(:status.expires_at)}},
    'track', :status.track,
    'author', {{actor_view_basic(:status.account_id)}}
)

-- fragment: idle_view(account)
-- The nowPlayingView of a row of visible_account that is not listening.
json_build_object('did', :account.did, 'isPlaying', false, 'author', {{actor_of(:account)}})
