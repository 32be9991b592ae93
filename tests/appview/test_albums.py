"""Albums: lists of that type, and tracks that name the same one."""

from __future__ import annotations

from typing import Any

from tests.appview.stage import Client, Stage, moment, tid

GET = "fm.plyr.album.getAlbum"
BY_ACTOR = "fm.plyr.album.getActorAlbums"
LATEST = "fm.plyr.album.getLatestAlbums"
TRACK = "fm.plyr.feed.getTrack"


def uris(answer: Any) -> list[str]:
    return [track["uri"] for track in answer["tracks"]]


async def test_tracks_that_name_an_album_are_one_by_time(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    cover = "https://images.example.com/n.jpg"
    later, _ = await stage.track(nils, tid(0), at=2, album="NATT", duration=10, imageUrl=cover)
    earlier, _ = await stage.track(nils, tid(1), at=1, album="Natt", duration=20)
    await stage.track(nils, tid(2), at=3, album="Dag")
    answer = await client.get(GET, actor="nils.example.com", slug="natt")
    assert answer["album"] == {
        "title": "Natt",
        "slug": "natt",
        "author": {"did": nils.did, "handle": "nils.example.com", "displayName": "nils.example.com"},
        "image": cover,
        "trackCount": 2,
        "totalDuration": 30,
        "createdAt": moment(1),
    }
    assert uris(answer) == [earlier, later]
    first = await client.get(GET, actor=nils.did, slug="natt", limit=1)
    second = await client.get(GET, actor=nils.did, slug="natt", limit=1, cursor=first["cursor"])
    assert (uris(first), uris(second), "cursor" in second) == ([earlier], [later], False)


async def test_a_list_is_an_album_in_its_authors_order_with_the_tracks_of_others(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person()
    own, _ = await stage.track(nils, tid(0), duration=10)
    guest, _ = await stage.track(ida, tid(0), duration=5, imageUrl="https://images.example.com/g.jpg")
    uri, _ = await stage.track_list(nils, [guest, own, guest], tid(-5), listType="album", name="Både & òg")
    by_slug = await client.get(GET, actor=nils.did, slug="bade-og")
    assert by_slug == await client.get(GET, uri=uri)
    assert uris(by_slug) == [guest, own]
    album = by_slug["album"]
    assert (album["uri"], album["trackCount"], album["totalDuration"]) == (uri, 2, 15)
    assert album["image"] == "https://images.example.com/g.jpg"
    await stage.hide(ida)
    after = await client.get(GET, uri=uri)
    assert (uris(after), after["album"]["trackCount"], "image" in after["album"]) == ([own], 1, False)
    page = await client.get(GET, uri=uri, limit=1)
    assert "cursor" not in page


async def test_a_track_belongs_to_the_list_before_the_name(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    cover = "https://images.example.com/n.jpg"
    track, _ = await stage.track(nils, tid(0), album="Natt", imageUrl=cover)

    async def album() -> Any:
        return (await client.get(TRACK, uri=track))["track"].get("album")

    assert await album() == {"title": "Natt", "slug": "natt", "image": cover}
    first, _ = await stage.track_list(nils, [track], tid(1), listType="album", name="Liste")
    await stage.track_list(nils, [track], tid(2), listType="album", name="Liste")
    await stage.track_list(nils, [track], tid(0), name="Ingen plate")
    assert await album() == {"title": "Liste", "slug": "liste", "uri": first, "image": cover}
    assert await client.refused(GET, actor=nils.did, slug="natt") == "AlbumNotFound"
    await stage.delete(nils, "fm.plyr.list", tid(1))
    await stage.delete(nils, "fm.plyr.list", tid(2))
    assert await album() == {"title": "Natt", "slug": "natt", "image": cover}
    await stage.track(nils, tid(0))
    assert await album() is None


async def test_a_guest_on_somebodys_album_stays_on_its_own(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    track, _ = await stage.track(ida, album="Egen")
    await stage.track_list(nils, [track], listType="album", name="Andres")
    assert (await client.get(TRACK, uri=track))["track"]["album"] == {"title": "Egen", "slug": "egen"}


async def test_an_accounts_albums_go_by_title(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    for number, name in enumerate(["beta", "Alfa", "ålfa", "ALFA"]):
        track, _ = await stage.track(nils, tid(number), at=number)
        await stage.track_list(nils, [track], tid(number - 10), listType="album", name=name)
    await stage.track_list(nils, [], tid(20), listType="album", name="Empty")
    pages = await client.pages(BY_ACTOR, "albums", actor="nils.example.com", limit=2)
    shown = [[(album["title"], album["slug"]) for album in page] for page in pages]
    assert shown == [[("Alfa", "alfa"), ("ALFA", "alfa-3")], [("beta", "beta"), ("ålfa", "alfa-2")]]


async def test_the_latest_albums_are_everybodys(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    await stage.track(nils, tid(0), at=1, album="Natt")
    await stage.track(ida, tid(0), at=3, album="Dag")
    await stage.track(nils, tid(1), at=2, album="Natt")
    assert [album["title"] for album in (await client.get(LATEST))["albums"]] == ["Dag", "Natt"]
    await stage.delete(nils, "fm.plyr.track", tid(0))
    [dag, natt] = (await client.get(LATEST))["albums"]
    assert (dag["createdAt"], natt["createdAt"], natt["trackCount"]) == (moment(3), moment(2), 1)
    await stage.hide(ida)
    assert (await client.get(LATEST))["albums"] == [natt]
    await stage.delete(nils, "fm.plyr.track", tid(1))
    assert await client.get(LATEST) == {"albums": []}


async def test_what_is_no_album_is_not_found(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person()
    for person in (nils, ida):
        track, _ = await stage.track(person, tid(0), album="Natt")
        await stage.track_list(person, [track], tid(1))
        await stage.track_list(person, [], tid(2), listType="album", name="Empty")
    await stage.hide(ida)
    nobody = "did:plc:" + "z" * 24
    for actor, slug in ((nils.did, "nat"), (nils.did, "empty"), (ida.did, "natt"), (nobody, "natt"), ("a.b.com", "x")):
        assert await client.refused(GET, actor=actor, slug=slug) == "AlbumNotFound", (actor, slug)
    for uri in (nils.uri(tid(1), "fm.plyr.list"), nils.uri(tid(2), "fm.plyr.list"), nils.uri(tid(0)), f"at://{nobody}"):
        assert await client.refused(GET, uri=uri) == "AlbumNotFound", uri
    for actor in (ida.did, nobody, "nobody.example.com"):
        assert await client.refused(BY_ACTOR, actor=actor) == "ActorNotFound"


async def test_an_album_is_asked_for_by_slug_and_actor_or_by_uri(client: Client) -> None:
    for params, missing in (({}, "actor"), ({"slug": "natt"}, "actor"), ({"actor": "nils.example.com"}, "slug")):
        status, answer = await client.ask(GET, **params)
        assert (status, answer["error"]) == (400, "InvalidRequest")
        assert answer["message"].startswith(f"Parameter '{missing}' is required")
