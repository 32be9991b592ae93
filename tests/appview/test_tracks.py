"""Tracks: what a trackView says, and the queries that give them."""

from __future__ import annotations

from tests.appview.stage import AUDIO, PDS, Client, Stage, moment, tid

GET_TRACK = "fm.plyr.feed.getTrack"
LATEST = "fm.plyr.feed.getLatestTracks"
BY_ACTOR = "fm.plyr.feed.getActorTracks"


async def test_a_track_is_given_with_its_author_sources_and_record(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    uri, cid = await stage.track(nils, duration=61, audioUrl="https://audio.example.com/a.mp3")
    answer = await client.get(GET_TRACK, uri=uri)
    assert answer == {
        "track": {
            "record": {
                "$type": "fm.plyr.track",
                "title": "Tåke",
                "artist": "Nils",
                "fileType": "mp3",
                "duration": 61,
                "audioUrl": "https://audio.example.com/a.mp3",
                "audioBlob": {
                    "$type": "blob",
                    "ref": {"$link": str(AUDIO)},
                    "mimeType": "audio/mpeg",
                    "size": 1_234,
                },
                "createdAt": "2026-05-04T12:00:00.678Z",
            },
            "uri": uri,
            "cid": cid,
            "author": {"did": nils.did, "handle": "nils.example.com", "displayName": "nils.example.com"},
            "title": "Tåke",
            "artist": "Nils",
            "audio": [
                {
                    "kind": "blob",
                    "url": f"{PDS}/xrpc/com.atproto.sync.getBlob?did={nils.did}&cid={AUDIO}",
                    "mimeType": "audio/mpeg",
                    "size": 1_234,
                    "cid": str(AUDIO),
                },
                {"kind": "url", "url": "https://audio.example.com/a.mp3"},
            ],
            "fileType": "mp3",
            "duration": 61,
            "likeCount": 0,
            "commentCount": 0,
            "playCount": 0,
            "createdAt": "2026-05-04T12:00:00.678Z",
            "indexedAt": "2026-05-04T12:00:00.678Z",
        }
    }


async def test_every_field_of_a_track_is_given(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, cid = await stage.track(
        nils,
        album="Natt",
        imageUrl="https://images.example.com/a.jpg",
        description="Med Ida. #Ambient #drone",
        tags=["Norsk  Vise"],
        features=[
            {"did": ida.did, "handle": "old.example.com", "displayName": "old.example.com"},
            {"did": "did:plc:" + "z" * 24},
        ],
        supportGate={"type": "any", "more": None},
        labels={"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "sexual"}]},
    )
    track = (await client.get(GET_TRACK, uri=uri))["track"]
    assert track["album"] == {"title": "Natt", "slug": "natt", "image": "https://images.example.com/a.jpg"}
    assert track["image"] == "https://images.example.com/a.jpg"
    assert track["description"] == "Med Ida. #Ambient #drone"
    assert track["tags"] == ["norsk vise", "ambient", "drone"]
    assert track["features"] == [{"did": ida.did, "handle": "ida.example.com", "displayName": "ida.example.com"}]
    assert track["supportGate"] == {"type": "any"}
    assert track["labels"] == [{"src": nils.did, "uri": uri, "cid": cid, "val": "sexual", "cts": moment()}]


async def test_a_record_is_given_as_it_is_with_nulls_and_nul_characters(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    odd = {"nothing": None, "nul": "a\x00b", "big": 2**60, "bytes": b"\x00\xff", "list": [None, "\u2028"]}
    uri, _ = await stage.track(nils, title="a\x00b", odd=odd)
    track = (await client.get(GET_TRACK, uri=uri))["track"]
    assert track["record"]["odd"] == {**odd, "bytes": {"$bytes": "AP8"}}
    assert track["record"]["title"] == "a\x00b"
    assert track["title"] == "a\ufffdb"


async def test_a_field_that_an_edit_drops_is_gone(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    await stage.track(nils, album="Natt", duration=3)
    uri, cid = await stage.track(nils, title="Ny")
    track = (await client.get(GET_TRACK, uri=uri))["track"]
    assert (track["title"], track["cid"]) == ("Ny", cid)
    assert track.keys().isdisjoint({"album", "duration"})


async def test_a_blob_is_fetched_from_the_accounts_pds_with_its_did_encoded(stage: Stage, client: Client) -> None:
    local = await stage.person(did="did:web:localhost%3A2583", pds="http://localhost:2583")
    uri, _ = await stage.track(local)
    [source] = (await client.get(GET_TRACK, uri=uri))["track"]["audio"]
    assert source["url"] == (
        f"http://localhost:2583/xrpc/com.atproto.sync.getBlob?did=did:web:localhost%253A2583&cid={AUDIO}"
    )


async def test_a_blob_on_an_unknown_host_is_no_source(stage: Stage, client: Client) -> None:
    lost = await stage.person(pds=None)
    uri, _ = await stage.track(lost)
    assert (await client.get(GET_TRACK, uri=uri))["track"]["audio"] == []
    uri, _ = await stage.track(lost, audioUrl="https://audio.example.com/a.mp3")
    source = {"kind": "url", "url": "https://audio.example.com/a.mp3"}
    assert (await client.get(GET_TRACK, uri=uri))["track"]["audio"] == [source]


async def test_a_track_is_found_by_handle_in_any_case(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    uri, _ = await stage.track(nils)
    for authority in ("nils.example.com", "NILS.Example.COM"):
        answer = await client.get(GET_TRACK, uri=f"at://{authority}/fm.plyr.track/{tid(0)}")
        assert answer["track"]["uri"] == uri


async def test_what_is_no_known_track_is_not_found(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person()
    uri, _ = await stage.track(nils)
    gone, _ = await stage.track(nils, tid(1))
    await stage.delete(nils, "fm.plyr.track", tid(1))
    mute, _ = await stage.track(nils, tid(2), audioBlob=None)
    unknown = [
        gone,
        mute,
        f"at://{nils.did}",
        f"at://{nils.did}/fm.plyr.track",
        ida.uri(tid(0)),
        nils.uri(tid(0), "fm.plyr.like"),
        nils.uri(tid(0), "fm.plyr.stg.track"),
        f"at://handle.invalid/fm.plyr.track/{tid(0)}",
        f"at://unknown.example.com/fm.plyr.track/{tid(0)}",
    ]
    for each in unknown:
        assert await client.refused(GET_TRACK, uri=each) == "TrackNotFound"
    assert (await client.get("fm.plyr.feed.getTracks", uris=[*unknown, uri]))["tracks"][0]["uri"] == uri


async def test_a_hidden_accounts_tracks_are_answered_exactly_as_unknown_ones(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils)
    other, _ = await stage.track(ida, features=[{"did": nils.did}])
    await stage.hide(nils)
    for each in (uri, f"at://nils.example.com/fm.plyr.track/{tid(0)}"):
        hidden = await client.ask(GET_TRACK, uri=each)
        assert hidden == await client.ask(GET_TRACK, uri=ida.uri(tid(5)))
    assert (await client.get("fm.plyr.feed.getTracks", uris=[uri, other]))["tracks"] == [
        (await client.get(GET_TRACK, uri=other))["track"]
    ]
    [shown] = (await client.get(LATEST))["tracks"]
    assert (shown["uri"], "features" in shown) == (other, False)
    assert await client.refused(BY_ACTOR, actor=nils.did) == "ActorNotFound"
    await stage.hide(nils, hidden=False)
    assert len((await client.get(LATEST))["tracks"]) == 2


async def test_several_tracks_come_in_the_order_asked(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    uris = [(await stage.track(nils, tid(number)))[0] for number in range(4)]
    asked = [uris[2], uris[0], f"at://nils.example.com/fm.plyr.track/{tid(3)}", uris[2]]
    tracks = (await client.get("fm.plyr.feed.getTracks", uris=asked))["tracks"]
    assert [track["uri"] for track in tracks] == [uris[2], uris[0], uris[3], uris[2]]


async def test_latest_tracks_are_ordered_by_claim_but_never_later_than_the_indexing(
    stage: Stage, client: Client
) -> None:
    nils = await stage.person()
    old, _ = await stage.track(nils, tid(0), at=10, createdAt=moment(-100))
    new, _ = await stage.track(nils, tid(1), at=5)
    boaster, _ = await stage.track(nils, tid(2), at=0, createdAt=moment(1e6))
    assert [track["uri"] for track in (await client.get(LATEST))["tracks"]] == [new, boaster, old]


async def test_tags_narrow_and_excluded_tags_leave_out(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    drone, _ = await stage.track(nils, tid(0), at=0, tags=["drone"])
    both, _ = await stage.track(nils, tid(1), at=1, tags=["drone", "ai"])
    jazz, _ = await stage.track(nils, tid(2), at=2, tags=["jazz"])
    plain, _ = await stage.track(nils, tid(3), at=3)
    for method, given in ((LATEST, {}), (BY_ACTOR, {"actor": nils.did})):

        async def uris(method: str = method, given: dict[str, str] = given, **params: object) -> list[str]:
            return [track["uri"] for track in (await client.get(method, **given, **params))["tracks"]]

        assert await uris() == [plain, jazz, both, drone]
        assert await uris(tags="DRONE") == [both, drone]
        assert await uris(tags=["drone", "jazz", "drone"]) == [jazz, both, drone]
        assert await uris(excludeTags=["ai"]) == [plain, jazz, drone]
        assert await uris(tags=["drone", "ai"], excludeTags=[" Ai "]) == [drone]
        assert await uris(tags="nothing") == []


async def test_an_accounts_tracks_are_given_by_did_and_by_handle(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils)
    await stage.track(ida)
    for actor in (nils.did, "nils.example.com", "@Nils.Example.com"):
        assert [track["uri"] for track in (await client.get(BY_ACTOR, actor=actor))["tracks"]] == [uri]
    await stage.delete(ida, "fm.plyr.track", tid(0))
    assert await client.get(BY_ACTOR, actor=ida.did) == {"tracks": []}
    assert await client.refused(BY_ACTOR, actor="unknown.example.com") == "ActorNotFound"


async def test_popular_tracks_are_those_that_most_accounts_like(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    fans = [await stage.person() for _ in range(3)]
    uris = [(await stage.track(nils, tid(number), at=number))[0] for number in range(5)]
    for count, uri in ((1, uris[1]), (3, uris[3]), (1, uris[4])):
        for fan in fans[:count]:
            await stage.like(fan, uri, tid(uris.index(uri)))
    await stage.like(fans[0], uris[1], tid(90))
    pages = await client.pages(BY_ACTOR, "tracks", actor=nils.did, sort="popular", limit=2)
    assert [[track["uri"] for track in page] for page in pages] == [[uris[3], uris[4]], [uris[1], uris[2]], [uris[0]]]
    assert [track["likeCount"] for page in pages for track in page] == [3, 1, 1, 0, 0]
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, true)", nils.id, f"fm.plyr.track/{tid(3)}"
    )
    rest = await client.get(BY_ACTOR, actor=nils.did, sort="popular", limit=2)
    assert [track["uri"] for track in rest["tracks"]] == [uris[4], uris[1]]


async def test_a_page_is_full_however_many_tracks_are_hidden(stage: Stage, client: Client) -> None:
    shown, hidden = await stage.person(), await stage.person()
    for number in range(12):
        await stage.track(hidden if number % 3 else shown, tid(number), at=number, tags=["t"])
    await stage.hide(hidden)
    for params in ({}, {"tags": "t"}):
        pages = await client.pages(LATEST, "tracks", limit=2, **params)
        assert [len(page) for page in pages] == [2, 2]
