"""Lists: what shows of them, in whose order, and where a track stands."""

from __future__ import annotations

import random

import pytest

from tests.appview.stage import Client, Person, Stage, moment, tid

GET = "fm.plyr.list.getList"
BY_ACTOR = "fm.plyr.list.getActorLists"
WITH_TRACK = "fm.plyr.list.getListsWithTrack"
NOBODY = "did:plc:" + "z" * 24


async def _tracks(stage: Stage, person: Person, number: int) -> list[str]:
    """Tracks of 60 seconds, every two of which share a cover."""
    return [
        (await stage.track(person, tid(each), duration=60, imageUrl=f"https://images.example.com/{each // 2}"))[0]
        for each in range(number)
    ]


async def test_a_list_is_given_with_its_items_in_its_authors_order(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    first, second = await _tracks(stage, nils, 2)
    uri, cid = await stage.track_list(
        ida, [second, first, second], tid(-60_000_000), at=1, name="Kveld", updatedAt=moment(2)
    )
    for asked in (uri, uri.replace(ida.did, "ida.example.com")):
        answer = await client.get(GET, uri=asked)
        assert answer["list"] == {
            "uri": uri,
            "cid": cid,
            "author": {"did": ida.did, "handle": "ida.example.com", "displayName": "ida.example.com"},
            "listType": "playlist",
            "name": "Kveld",
            "itemCount": 3,
            "missingCount": 0,
            "totalDuration": 180,
            "images": ["https://images.example.com/0"],
            "createdAt": moment(1),
            "updatedAt": moment(2),
            "indexedAt": moment(1),
        }
        shown = [(item["position"], item["uri"], item["track"]["uri"]) for item in answer["items"]]
        assert shown == [(0, second, second), (1, first, first), (2, second, second)]


async def test_what_is_unknown_deleted_or_hidden_is_skipped_and_counted_apart(stage: Stage, client: Client) -> None:
    nils, ida, ola = [await stage.person(f"{name}.example.com") for name in ("nils", "ida", "ola")]
    kept, deleted = await _tracks(stage, nils, 2)
    [hidden] = await _tracks(stage, ola, 1)
    unknown, no_track = nils.uri(tid(99)), nils.uri("self", "fm.plyr.actor.profile")
    uri, _ = await stage.track_list(ida, [unknown, deleted, no_track, hidden, kept])
    await stage.delete(nils, "fm.plyr.track", tid(1))
    await stage.hide(ola)
    answer = await client.get(GET, uri=uri)
    assert [(item["position"], item["uri"]) for item in answer["items"]] == [(4, kept)]
    assert (answer["list"]["itemCount"], answer["list"]["missingCount"], answer["list"]["totalDuration"]) == (1, 4, 60)
    await stage.hide(ola, hidden=False)
    await stage.track(nils, tid(99))
    answer = await client.get(GET, uri=uri)
    assert [(item["position"], item["uri"]) for item in answer["items"]] == [(0, unknown), (3, hidden), (4, kept)]
    assert (answer["list"]["itemCount"], answer["list"]["missingCount"]) == (3, 2)


async def test_a_track_that_is_hidden_by_itself_is_in_none_of_a_lists_sums(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    uri, _ = await stage.track_list(nils, await _tracks(stage, nils, 3))
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, true)", nils.id, f"fm.plyr.track/{tid(2)}"
    )
    shown = (await client.get(GET, uri=uri))["list"]
    assert (shown["itemCount"], shown["missingCount"], shown["totalDuration"]) == (2, 1, 120)
    assert shown["images"] == ["https://images.example.com/0"]


async def test_a_list_shows_four_different_covers_of_its_first_items(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    tracks = await _tracks(stage, nils, 12)
    bare, _ = await stage.track(nils, tid(50))
    uri, _ = await stage.track_list(nils, [tracks[11], bare, *tracks])
    [shown] = (await client.get(BY_ACTOR, actor=nils.did))["lists"]
    assert shown["uri"] == uri
    assert shown["images"] == [f"https://images.example.com/{number}" for number in (5, 0, 1, 2)]


async def test_an_empty_list_is_a_list(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    uri, _ = await stage.track_list(nils, [])
    answer = await client.get(GET, uri=uri)
    assert answer["items"] == []
    assert answer["list"].keys().isdisjoint({"images", "name"})
    assert (answer["list"]["itemCount"], answer["list"]["totalDuration"]) == (0, 0)


async def test_items_page_in_order_while_the_list_grows_and_what_it_holds_goes(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    tracks = await _tracks(stage, nils, 7)
    uri, _ = await stage.track_list(nils, tracks)
    first = await client.get(GET, uri=uri, limit=3)
    await stage.delete(nils, "fm.plyr.track", tid(1))
    await stage.delete(nils, "fm.plyr.track", tid(4))
    await stage.track_list(nils, [*tracks, tracks[0]])
    second = await client.get(GET, uri=uri, limit=3, cursor=first["cursor"])
    third = await client.get(GET, uri=uri, limit=3, cursor=second["cursor"])
    assert [[item["position"] for item in page["items"]] for page in (first, second, third)] == [
        [0, 1, 2],
        [3, 5, 6],
        [7],
    ]
    assert "cursor" not in third


async def test_an_accounts_lists_go_by_when_they_were_made_and_can_be_of_one_type(stage: Stage, client: Client) -> None:
    """Clients write `createdAt` anew with every change: the key says when a list was made."""
    nils = await stage.person()
    older, _ = await stage.track_list(nils, [], tid(-2), at=9, listType="album")
    newer, _ = await stage.track_list(nils, [], tid(-1), at=1)
    assert [shown["uri"] for shown in (await client.get(BY_ACTOR, actor=nils.did))["lists"]] == [newer, older]
    assert [shown["uri"] for shown in (await client.get(BY_ACTOR, actor=nils.did, listType="album"))["lists"]] == [
        older
    ]
    assert await client.get(BY_ACTOR, actor=nils.did, listType="mood") == {"lists": []}


async def test_lists_with_a_track_are_each_given_once_and_can_be_of_one_type(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    [track] = await _tracks(stage, nils, 1)
    first, _ = await stage.track_list(nils, [track, track], tid(-2), listType="liked")
    second, _ = await stage.track_list(ida, [track], tid(-1))
    await stage.track_list(ida, [], tid(-3))
    assert [shown["uri"] for shown in (await client.get(WITH_TRACK, uri=track))["lists"]] == [second, first]
    assert [shown["uri"] for shown in (await client.get(WITH_TRACK, uri=track, listType="liked"))["lists"]] == [first]
    await stage.hide(ida)
    assert [shown["uri"] for shown in (await client.get(WITH_TRACK, uri=track))["lists"]] == [first]
    await stage.delete(nils, "fm.plyr.list", tid(-2))
    assert await client.get(WITH_TRACK, uri=track) == {"lists": []}


@pytest.mark.parametrize("method", [GET, WITH_TRACK])
async def test_what_never_was_is_deleted_or_is_hidden_is_not_found(stage: Stage, client: Client, method: str) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person()
    collection, name = ("fm.plyr.list", "ListNotFound") if method == GET else ("fm.plyr.track", "TrackNotFound")
    for person in (nils, ida):
        await stage.track(person)
        await stage.track_list(person, [])
    await stage.delete(nils, collection, tid(0))
    await stage.hide(ida)
    other = "fm.plyr.track" if method == GET else "fm.plyr.list"
    for uri in (
        nils.uri(tid(0), collection),
        nils.uri(tid(0), other),
        nils.uri(tid(7), collection),
        ida.uri(tid(0), collection),
        f"at://{nils.did}",
        f"at://{NOBODY}/{collection}/{tid(0)}",
        f"at://nobody.example.com/{collection}/{tid(0)}",
    ):
        assert await client.refused(method, uri=uri) == name, uri


async def test_lists_of_an_account_that_never_appeared_or_is_hidden_are_not_found(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    assert await client.get(BY_ACTOR, actor=nils.did) == {"lists": []}
    await stage.hide(nils)
    for actor in (nils.did, NOBODY, "nobody.example.com"):
        assert await client.refused(BY_ACTOR, actor=actor) == "ActorNotFound"


async def test_an_account_says_how_many_albums_and_playlists_it_has(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    [track, named] = await _tracks(stage, nils, 2)
    await stage.track(nils, tid(1), album="Natt")
    await stage.track_list(nils, [track], tid(0), listType="album")
    await stage.track_list(nils, [], tid(1), listType="album")
    await stage.track_list(nils, [named], tid(2))
    await stage.track_list(nils, [named], tid(3), listType="liked")
    actor = (await client.get("fm.plyr.actor.getProfile", actor=nils.did))["actor"]
    assert (actor["albumCount"], actor["playlistCount"]) == (2, 1)
    assert (await client.get("fm.plyr.stats.getStats"))["listCount"] == 4


async def test_an_album_of_others_tracks_counts_when_one_of_them_shows(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    tracks = await _tracks(stage, nils, 2)
    await stage.track_list(ida, tracks, tid(0), listType="album")
    await stage.track_list(ida, [nils.uri(tid(9))], tid(1), listType="album")
    assert (await client.get("fm.plyr.actor.getProfile", actor=ida.did))["actor"]["albumCount"] == 1
    await stage.hide(nils)
    assert (await client.get("fm.plyr.actor.getProfile", actor=ida.did))["actor"]["albumCount"] == 0


async def test_a_list_of_a_type_that_no_index_holds_is_one_of_an_unknown_type(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    letters = random.Random(1)
    long = "".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _ in range(3_000))
    uri, _ = await stage.track_list(nils, [], tid(1), listType=long)
    other, _ = await stage.track_list(nils, [], tid(2), listType="aaa")
    [newest, oldest] = (await client.get(BY_ACTOR, actor=nils.did))["lists"]
    assert [newest["uri"], oldest["uri"]] == [other, uri]
    assert oldest["listType"] == long[:213]
    assert (await client.get(GET, uri=uri))["list"] == oldest
    actor = (await client.get("fm.plyr.actor.getProfile", actor=nils.did))["actor"]
    assert actor["playlistCount"] == 0
