"""What people write to their PDS is read back from the AppView, hydrated: the life of every kind of record."""

import secrets
from collections.abc import Callable

from aiohttp import ClientSession

from tests.e2e.music import (
    ALPHA_PLAY,
    BSKY_PROFILE,
    COMMENT,
    LIKE,
    PLAY,
    PLYR_PROFILE,
    STATUS,
    TEAL_PROFILE,
    TRACK,
    alpha_play,
    comment,
    like,
    moment,
    play,
    status,
    track,
)
from tests.e2e.pds import Account, Pds, Written
from tests.e2e.polling import eventually
from tests.e2e.system import Answer, AppView

Name = Callable[[str], str]


async def shown(appview: AppView, written: Written) -> Answer:
    """The track, as soon as this version of it is read."""

    async def check() -> Answer:
        view = (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]
        assert view["cid"] == written.cid
        return view

    return await eventually(check)


async def test_a_track_with_an_uploaded_blob_is_read_back_hydrated_and_its_audio_is_the_very_bytes(
    appview: AppView, pds: Pds, http: ClientSession, name: Name
) -> None:
    artist, guest = await pds.create_account(name("artist")), await pds.create_account(name("guest"))
    await artist.put(BSKY_PROFILE, "self", {"displayName": "Robert"})
    audio = secrets.token_bytes(300_000)
    blob = await artist.upload_blob(audio, "audio/mpeg")
    record = track(
        "Angel",
        audioBlob=blob,
        audioUrl="https://gone.example.com/angel.mp3",
        album="Mezzanine",
        duration=379,
        description="slow and heavy #TripHop",
        tags=[" Bristol ", "triphop"],
        features=[{"did": guest.did, "handle": "stale.example.com"}],
    )
    written = await artist.create(TRACK, record)
    view = await shown(appview, written)

    assert view["author"] == {"did": artist.did, "handle": artist.handle, "displayName": "Robert"}
    assert view["record"] == (await artist.get_record(TRACK, written.rkey))["value"]
    assert (view["title"], view["artist"], view["fileType"]) == ("Angel", "Massive Attack", "mp3")
    assert (view["duration"], view["album"]["title"]) == (379, "Mezzanine")
    assert (view["description"], view["tags"]) == ("slow and heavy #TripHop", ["bristol", "triphop"])
    assert view["createdAt"] == record["createdAt"]
    assert (view["likeCount"], view["commentCount"]) == (0, 0)
    [from_blob, from_url] = view["audio"]
    assert from_blob["kind"] == "blob"
    assert (from_blob["mimeType"], from_blob["size"]) == ("audio/mpeg", len(audio))
    assert from_blob["cid"] == blob["ref"]["$link"]
    assert (from_url["kind"], from_url["url"]) == ("url", record["audioUrl"])
    async with http.get(from_blob["url"]) as answer:
        assert await answer.read() == audio

    by_handle = written.uri.replace(artist.did, artist.handle)
    assert (await appview.get("fm.plyr.feed.getTrack", uri=by_handle))["track"]["uri"] == written.uri


async def test_a_featured_artist_is_shown_as_the_account_is_now(appview: AppView, pds: Pds, name: Name) -> None:
    artist, guest = await pds.create_account(name("host")), await pds.create_account(name("guest"))
    await guest.create(TRACK, track("Paradise Circus"))
    feature = {"did": guest.did, "handle": "stale.example.com", "displayName": "Stale"}
    written = await artist.create(TRACK, track("Teardrop", features=[feature]))

    async def check() -> None:
        view = (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]
        assert view["features"] == [{"did": guest.did, "handle": guest.handle, "displayName": guest.handle}]

    await eventually(check)


async def test_a_field_that_an_edit_drops_vanishes(appview: AppView, pds: Pds, name: Name) -> None:
    artist = await pds.create_account(name("editor"))
    full = track("Risingson", album="Mezzanine", duration=298, description="#dub", tags=["bristol"])
    written = await artist.create(TRACK, full)
    first = await shown(appview, written)
    assert {"album", "duration", "description", "tags"} <= first.keys()

    bare = {key: full[key] for key in ("artist", "fileType", "createdAt", "audioUrl")}
    edited = await artist.put(TRACK, written.rkey, {**bare, "title": "Risingson (edit)"})
    second = await shown(appview, edited)
    assert second["title"] == "Risingson (edit)"
    assert not {"album", "duration", "description"} & second.keys()
    assert not second.get("tags")
    assert (second["uri"], second["createdAt"], second["indexedAt"]) == (
        first["uri"],
        first["createdAt"],
        first["indexedAt"],
    )


async def test_a_deleted_track_is_gone_from_every_query(appview: AppView, pds: Pds, name: Name) -> None:
    artist = await pds.create_account(name("remover"))
    kept, removed = await artist.create(TRACK, track("Kept")), await artist.create(TRACK, track("Removed"))
    await shown(appview, kept)
    await shown(appview, removed)
    await artist.delete(removed.uri)

    async def check() -> None:
        assert await appview.refusal("fm.plyr.feed.getTrack", uri=removed.uri) == (400, "TrackNotFound")
        page = await appview.get("fm.plyr.feed.getActorTracks", actor=artist.did)
        assert [view["uri"] for view in page["tracks"]] == [kept.uri]
        both = await appview.get("fm.plyr.feed.getTracks", uris=[removed.uri, kept.uri])
        assert [view["uri"] for view in both["tracks"]] == [kept.uri]
        latest = await appview.get("fm.plyr.feed.getLatestTracks", limit=100)
        assert removed.uri not in {view["uri"] for view in latest["tracks"]}
        assert (await appview.get("fm.plyr.actor.getProfile", actor=artist.did))["actor"]["trackCount"] == 1

    await eventually(check)


async def test_likes_count_people_and_disappear_with_the_last_like(appview: AppView, pds: Pds, name: Name) -> None:
    artist, fan, friend = [await pds.create_account(name(stem)) for stem in ("liked", "fan", "friend")]
    written = await artist.create(TRACK, track("Inertia Creeps"))
    twice = [await fan.create(LIKE, like(written)) for _ in range(2)]
    await friend.create(LIKE, like(written))

    async def likers_are(*accounts: Account) -> None:
        async def check() -> None:
            view = (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]
            assert view["likeCount"] == len(accounts)
            likes = (await appview.get("fm.plyr.feed.getTrackLikes", uri=written.uri))["likes"]
            assert {each["actor"]["handle"] for each in likes} == {each.handle for each in accounts}
            profile = (await appview.get("fm.plyr.actor.getProfile", actor=artist.did))["actor"]
            assert profile["likesReceivedCount"] == len(accounts)

        await eventually(check)

    await likers_are(fan, friend)
    await fan.delete(twice[0].uri)
    await friend.delete((await friend.create(LIKE, like(written))).uri)
    await likers_are(fan, friend)
    await fan.delete(twice[1].uri)
    await likers_are(friend)


async def test_comments_are_listed_by_position_and_by_time(appview: AppView, pds: Pds, name: Name) -> None:
    artist, critic = await pds.create_account(name("artist")), await pds.create_account(name("critic"))
    written = await artist.create(TRACK, track("Black Milk"))
    early = await critic.create(COMMENT, comment(written, "late remark", at_ms=90_000, createdAt=moment(-60)))
    late = await critic.create(COMMENT, comment(written, "early remark", at_ms=1_000))

    async def listed(sort: str) -> list[Answer]:
        return (await appview.get("fm.plyr.feed.getComments", uri=written.uri, sort=sort))["comments"]

    async def check() -> None:
        by_position = await listed("position")
        assert [each["uri"] for each in by_position] == [late.uri, early.uri]
        assert [each["uri"] for each in await listed("newest")] == [late.uri, early.uri]
        assert by_position[0]["author"]["handle"] == critic.handle
        assert (by_position[0]["text"], by_position[0]["timestampMs"]) == ("early remark", 1_000)
        assert by_position[0]["subject"]["uri"] == written.uri
        assert (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]["commentCount"] == 2

    await eventually(check)
    moved = await critic.put(COMMENT, late.rkey, comment(written, "moved", at_ms=95_000, updatedAt=moment()))

    async def check_edit() -> None:
        by_position = await listed("position")
        assert [each["uri"] for each in by_position] == [early.uri, late.uri]
        assert (by_position[1]["text"], by_position[1]["cid"]) == ("moved", moved.cid)
        assert "updatedAt" in by_position[1]

    await eventually(check_edit)


async def test_stable_and_alpha_plays_are_one_feed_in_which_a_play_written_to_both_stands_once(
    appview: AppView, pds: Pds, name: Name
) -> None:
    listener = await pds.create_account(name("listener"))
    await listener.create(PLAY, play("Man Next Door", ago=300, originUri="https://example.com/man-next-door"))
    await listener.create(ALPHA_PLAY, alpha_play("Group Four", ago=200))
    await listener.create(PLAY, play("Exchange", ago=100), rkey="3mboth4222222")
    await listener.create(ALPHA_PLAY, alpha_play("Exchange", ago=100), rkey="3mboth4222222")

    async def check() -> None:
        feed = await appview.all("fm.teal.feed.getActorFeed", "plays", authorDID=listener.did)
        assert [each["trackName"] for each in feed] == ["Exchange", "Group Four", "Man Next Door"]
        assert [each["artists"] for each in feed] == [[{"artistName": "Massive Attack"}]] * 3
        assert feed[2]["originUri"] == "https://example.com/man-next-door"
        profile = (await appview.get("fm.plyr.actor.getProfile", actor=listener.handle))["actor"]
        assert profile["scrobbleCount"] == 3

    await eventually(check)


async def test_a_status_shows_what_plays_now_until_it_is_taken_back(appview: AppView, pds: Pds, name: Name) -> None:
    listener = await pds.create_account(name("playing"))
    await listener.put(STATUS, "self", status("Dissolved Girl"))

    async def playing() -> None:
        now = (await appview.get("fm.plyr.actor.getNowPlaying", actor=listener.did))["nowPlaying"]
        assert now["isPlaying"] is True
        assert now["item"]["trackName"] == "Dissolved Girl"
        assert now["author"]["handle"] == listener.handle

    async def idle() -> None:
        now = (await appview.get("fm.plyr.actor.getNowPlaying", actor=listener.did))["nowPlaying"]
        assert now["isPlaying"] is False

    await eventually(playing)
    await listener.put(STATUS, "self", status("Dissolved Girl", expires_in=-1))
    await eventually(idle)
    await listener.put(STATUS, "self", status("Dissolved Girl"))
    await eventually(playing)
    await listener.delete(f"at://{listener.did}/{STATUS}/self")
    await eventually(idle)


async def test_three_profiles_make_one_and_each_steps_back_when_it_goes(appview: AppView, pds: Pds, name: Name) -> None:
    person = await pds.create_account(name("person"))
    await person.create(TRACK, track("Unfinished Sympathy"))

    async def profile_is(**expected: str | None) -> None:
        async def check() -> None:
            actor = (await appview.get("fm.plyr.actor.getProfile", actor=person.handle))["actor"]
            assert {key: actor.get(key) for key in expected} == expected

        await eventually(check)

    await profile_is(displayName=person.handle, description=None, avatar=None)
    await person.put(TEAL_PROFILE, "self", {"displayName": "Teal", "description": "from teal"})
    await profile_is(displayName="Teal", description="from teal")
    await person.put(BSKY_PROFILE, "self", {"displayName": "Bluesky", "description": "from bluesky"})
    await profile_is(displayName="Bluesky", description="from teal")
    avatar = "https://images.example.com/me.png"
    plyr = {"bio": "from plyr", "avatar": avatar, "createdAt": moment()}
    await person.put(PLYR_PROFILE, "self", plyr)
    await profile_is(displayName="Bluesky", description="from plyr", avatar=avatar)
    await person.put(PLYR_PROFILE, "self", {"createdAt": moment()})
    await profile_is(description="from teal", avatar=None)
    await person.delete(f"at://{person.did}/{BSKY_PROFILE}/self")
    await person.delete(f"at://{person.did}/{TEAL_PROFILE}/self")
    await profile_is(displayName=person.handle, description=None)
