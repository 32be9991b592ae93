-- fragment: track_view(track, viewer)
-- The trackView of a row of visible_track, as text, for the account with the id `viewer`; 0 for one that is not indexed,
-- NULL for nobody in particular. The record is put in as it is: no function may look into it, and its nulls stay. What
-- only the record says was made when it was written (`track_said` in the migrations).
'{"record":' || :track.record || ',"uri":"' || :track.uri || '","cid":"' || :track.cid || '",' || :track.said
|| ',"author":' || {{actor_text(:track)}}
|| ',"audio":[' || concat_ws(',', {{audio_blob(:track)}}, {{audio_url(:track)}}) || ']'
|| coalesce(',"album":' || coalesce(:track.home, {{named_album(:track)}}), '')
|| coalesce(',"features":' || {{present({{features(:track)}})}}, '')
|| ',"likeCount":' || :track.like_count
|| ',"commentCount":' || :track.comment_count
|| ',"playCount":' || :track.play_count
|| CASE WHEN :viewer::bigint IS NULL THEN '' ELSE ',"viewer":' || {{present({{track_viewer_state(:track, :viewer)}})}} END
|| '}'

-- fragment: track_entry(track, viewer)
-- A place in a chart, as text: a row of visible_track with its `number` and `rank`.
'{"count":' || :track.number || ',"rank":' || :track.rank || ',"track":' || {{track_view(:track, :viewer)}} || '}'

-- fragment: track_entry_compared(track, viewer)
-- The same with what was before.
'{"before":' || :track.before || ',' || substr({{track_entry(:track, :viewer)}}, 2)

-- fragment: most_entries(source, figure, number, rank, uri, limit, viewer)
-- The rows of a chart's page, the same as views.
SELECT {{track_entry(t, :viewer)}} AS item, t.number, t.rank, t.uri
FROM ({{most_of(:source, :figure, :number, :rank, :uri, :limit)}}) t
ORDER BY t.rank

-- fragment: most_of(source, figure, number, rank, uri, limit)
-- The listed tracks of a source (uri and figure) behind a place in the order of that figure, as a chart's rows.
SELECT t.*, most.:figure::bigint AS number,
       :rank + row_number() OVER (ORDER BY most.:figure DESC, most.uri DESC) AS rank
FROM :source most
JOIN visible_track t ON t.uri = most.uri
WHERE t.listed AND most.:figure > 0 AND (most.:figure, most.uri) < (:number::bigint, :uri)
ORDER BY most.:figure DESC, most.uri DESC
LIMIT :limit

-- fragment: grown_entries(both, before, growth, limit, viewer)
-- What trends, as views: by columns of visible_recent_track. Fewer than three likes and plays are too few.
SELECT {{track_entry_compared(t, :viewer)}} AS item
FROM (
    SELECT t.*, most.:both::bigint AS number, most.:before AS before,
           row_number() OVER (ORDER BY most.:growth DESC, most.:both DESC, most.uri DESC) AS rank
    FROM visible_recent_track most
    JOIN visible_track t ON t.uri = most.uri
    WHERE t.listed AND most.:both >= 3 AND most.:both > most.:before
    ORDER BY most.:growth DESC, most.:both DESC, most.uri DESC
    LIMIT :limit
) t
ORDER BY t.rank

-- fragment: track_viewer_state(track, viewer)
-- What an account has to do with a track: its like, the earliest of several.
json_build_object('like', (
    SELECT own.uri FROM visible_like own WHERE own.account_id = :viewer::bigint AND own.subject = :track.uri
))

-- fragment: audio_blob(track)
-- The audioSource in the author's repository, the first, as text: an address that the author gave may have died. NULL
-- while the account's PDS is not known.
CASE WHEN :track.audio_cid IS NOT NULL AND :track.pds IS NOT NULL THEN
    '{"kind":"blob"' || {{field(url, {{blob_url(:track, :track.audio_cid)}})}} || {{field(mimeType, :track.audio_mime)}}
    || {{field(size, :track.audio_size)}} || {{field(cid, :track.audio_cid)}} || '}'
END

-- fragment: audio_url(track)
-- The audioSource at an address, as text.
'{"kind":"url","url":' || to_json(:track.audio_url) || '}'

-- fragment: named_album(track)
-- The trackAlbum of a name of which no album shows, as text.
'{"title":' || to_json(:track.album) || '}'

-- fragment: features(track)
-- Those who take part and are visible accounts, in the author's order.
CASE WHEN cardinality(:track.features) > 0 THEN (
    SELECT json_agg({{actor_of(guest)}} ORDER BY place)
    FROM unnest(:track.features) WITH ORDINALITY features (did, place)
    JOIN visible_account guest ON guest.did = features.did
) END

-- fragment: is_track(track, did, collection, rkey)
-- Whether this row of visible_track has that at-uri.
{{is_record(:track, :did, :collection, :rkey)}}

-- fragment: is_proposal(uri, viewer)
-- Whether it is a track to propose: one that is listed, and neither the viewer's own nor liked already.
(NOT EXISTS (SELECT FROM visible_like l WHERE l.account_id = :viewer AND l.subject = :uri)
 AND EXISTS (SELECT FROM visible_track t WHERE t.uri = :uri AND t.listed AND t.account_id <> :viewer))
