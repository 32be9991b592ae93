"""Tags: which are used most, and the tracks that have one."""

from __future__ import annotations

from tests.appview.stage import Client, Stage, tid

TAGS = "fm.plyr.tag.getTags"
TRACKS = "fm.plyr.tag.getTagTracks"


async def test_tags_go_by_how_many_tracks_have_them_and_then_by_name(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    for number, tags in enumerate((["drone", "dub"], ["dub", "jazz"], ["ambient", "dub"])):
        await stage.track(nils, tid(number), tags=tags)
    await stage.track(ida, tags=["Jazz"])
    pages = await client.pages(TAGS, "tags", limit=2)
    shown = [[(tag["name"], tag["trackCount"]) for tag in page] for page in pages]
    assert shown == [[("dub", 3), ("jazz", 2)], [("ambient", 1), ("drone", 1)]]
    assert [tag["name"] for tag in (await client.get(TAGS, q=" D"))["tags"]] == ["dub", "drone"]
    await stage.hide(nils)
    assert await client.get(TAGS) == {"tags": [{"name": "jazz", "trackCount": 1, "playCount": 0}]}


async def test_tracks_with_a_tag_are_given_newest_or_most_liked_first(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    uris = [(await stage.track(nils, tid(number), at=number, tags=["dub"]))[0] for number in range(3)]
    await stage.track(ida, at=9, tags=["jazz"])
    await stage.like(ida, uris[0])
    for sort, order in (("newest", (2, 1, 0)), ("popular", (0, 2, 1))):
        pages = await client.pages(TRACKS, "tracks", tag=" DUB ", sort=sort, limit=2)
        assert [track["uri"] for page in pages for track in page] == [uris[number] for number in order]
    await stage.hide(nils)
    for tag in ("dub", "nobody uses it"):
        assert await client.get(TRACKS, tag=tag) == {"tracks": []}
