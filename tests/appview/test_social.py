"""Likes of tracks and comments on them."""

from __future__ import annotations

from tests.appview.stage import AUDIO, Client, Stage, moment, tid

LIKES = "fm.plyr.feed.getTrackLikes"
COMMENTS = "fm.plyr.feed.getComments"


async def test_likes_are_given_newest_first_each_liker_once(stage: Stage, client: Client) -> None:
    nils, ida, ola = [await stage.person(name) for name in ("nils.example.com", "ida.example.com", "ola.example.com")]
    uri, _ = await stage.track(nils)
    first, _ = await stage.like(ida, uri, tid(0), at=1)
    await stage.like(ida, uri, tid(1), at=5)
    second, _ = await stage.like(ola, uri, at=2)
    for asked in (uri, f"at://nils.example.com/fm.plyr.track/{tid(0)}"):
        assert await client.get(LIKES, uri=asked) == {
            "likes": [
                {
                    "uri": second,
                    "actor": {"did": ola.did, "handle": "ola.example.com", "displayName": "ola.example.com"},
                    "createdAt": moment(2),
                    "indexedAt": moment(2),
                },
                {
                    "uri": first,
                    "actor": {"did": ida.did, "handle": "ida.example.com", "displayName": "ida.example.com"},
                    "createdAt": moment(1),
                    "indexedAt": moment(1),
                },
            ]
        }
    assert (await client.get("fm.plyr.feed.getTrack", uri=uri))["track"]["likeCount"] == 2


async def test_comments_are_given_by_position_or_by_time(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils)
    late, cid = await stage.comment(ida, uri, tid(0), at=0, timestampMs=9_000, updatedAt=moment(3), text="Nå!")
    early, _ = await stage.comment(nils, uri, tid(0), at=1, timestampMs=0)
    middle, _ = await stage.comment(ida, uri, tid(1), at=2, timestampMs=500)
    by_position = (await client.get(COMMENTS, uri=uri))["comments"]
    assert [comment["uri"] for comment in by_position] == [early, middle, late]
    assert by_position[2] == {
        "uri": late,
        "cid": cid,
        "author": {"did": ida.did, "handle": "ida.example.com", "displayName": "ida.example.com"},
        "subject": {"uri": uri, "cid": str(AUDIO)},
        "text": "Nå!",
        "timestampMs": 9_000,
        "createdAt": moment(0),
        "updatedAt": moment(3),
        "indexedAt": moment(0),
    }
    newest = (await client.get(COMMENTS, uri=uri, sort="newest"))["comments"]
    assert [comment["uri"] for comment in newest] == [middle, early, late]


async def test_comments_at_positions_that_no_track_has_are_paged_through(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    uri, _ = await stage.track(nils)
    for number in range(3):
        await stage.comment(nils, uri, tid(number), timestampMs=2**63 - 1)
    pages = await client.pages(COMMENTS, "comments", uri=uri, limit=1)
    assert [comment["timestampMs"] for page in pages for comment in page] == [2**62] * 3


async def test_what_hidden_accounts_say_does_not_show_and_is_not_counted(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils)
    await stage.like(ida, uri)
    await stage.comment(ida, uri)
    await stage.hide(ida)
    assert await client.get(LIKES, uri=uri) == {"likes": []}
    assert await client.get(COMMENTS, uri=uri) == {"comments": []}
    track = (await client.get("fm.plyr.feed.getTrack", uri=uri))["track"]
    assert (track["likeCount"], track["commentCount"]) == (0, 0)


async def test_of_a_deleted_or_hidden_track_nothing_is_listed(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    deleted, _ = await stage.track(ida, tid(1))
    hidden, _ = await stage.track(nils)
    for number, uri in enumerate((deleted, hidden)):
        await stage.like(ida, uri, tid(number))
        await stage.comment(ida, uri, tid(number))
    await stage.delete(ida, "fm.plyr.track", tid(1))
    await stage.hide(nils)
    for uri in (deleted, hidden, ida.uri(tid(7)), f"at://{ida.did}"):
        for method in (LIKES, COMMENTS):
            assert await client.refused(method, uri=uri) == "TrackNotFound"


async def test_a_deleted_like_gives_way_to_the_next_one_of_its_author(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils)
    await stage.like(ida, uri, tid(0), at=1)
    second, _ = await stage.like(ida, uri, tid(1), at=2)
    await stage.delete(ida, "fm.plyr.like", tid(0))
    assert [like["uri"] for like in (await client.get(LIKES, uri=uri))["likes"]] == [second]
    await stage.delete(ida, "fm.plyr.like", tid(1))
    assert await client.get(LIKES, uri=uri) == {"likes": []}
