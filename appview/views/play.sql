-- fragment: play_view(play, track, author, alpha)
-- The playView of a row of visible_play, the uri of its track and its author, under the names of fm.teal.alpha or of
-- fm.teal.
json_build_object(
    {{music(:play, :alpha)}},
    'playedTime', {{time(:play.played_at)}},
    'uri', :play.uri,
    'cid', :play.cid,
    'track', :track,
    'author', :author
)

-- fragment: spoken_of(play)
-- The uri of the track of which a play speaks, whether it counts or repeats one that does.
coalesce(
    (SELECT n.uri FROM visible_track_name n WHERE n.uri = :play.track_uri),
    (SELECT n.uri FROM visible_track_name n WHERE n.name = :play.track_named ORDER BY n.indexed_at, n.uri LIMIT 1)
)

-- fragment: music(played, alpha)
-- What was played and with what, as arguments of json_build_object: a row of visible_play or of visible_status. The two
-- generations differ in two names, and in whether a service is an address or a word.
'trackName', :played.track_name,
'artists', {{artists(:played)}},
'duration', :played.duration,
'trackMbId', {{mbid(:played.track_mbid)}},
'recordingMbId', {{mbid(:played.recording_mbid)}},
'releaseName', :played.release_name,
'releaseMbId', {{mbid(:played.release_mbid)}},
'isrc', :played.isrc,
CASE WHEN :alpha THEN 'originUrl' ELSE 'originUri' END, :played.origin,
CASE WHEN :alpha THEN 'musicServiceBaseDomain' ELSE 'musicServiceUri' END,
CASE WHEN :alpha THEN :played.service ELSE {{service_uri(:played.service)}} END,
'submissionClientAgent', :played.agent

-- fragment: mbid(id)
-- A MusicBrainz identifier as a URI.
'mbid:' || :id

-- fragment: service_uri(service)
-- The host of a music service as a URI; what names no host ('local') has none.
'https://' || substring(:service FROM '^[a-z0-9-]+(?:\.[a-z0-9-]+)+$')

-- fragment: artists(played)
-- Name by name, each with its identifier where there is one.
(SELECT coalesce(json_agg(json_build_object(
     'artistName', name, 'artistMbId', {{mbid(:played.artist_mbids[place])}}
 ) ORDER BY place), '[]')
 FROM unnest(:played.artist_names) WITH ORDINALITY names (name, place))
