"""Tags: which are used most, and the tracks that have one."""

from __future__ import annotations

from tests.appview.stage import Client, Stage, tid

TAGS = "fm.plyr.tag.getTags"
TRACKS = "fm.plyr.tag.getTagTracks"
MANY = 1_200  # tags: more than are sorted


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


async def test_tags_that_begin_alike_are_found_in_the_same_order_however_many_there_are(
    stage: Stage, client: Client
) -> None:
    await stage.pool.execute(
        "INSERT INTO tag_count (track_count, tag) SELECT 1 + i % 3, 'dub ' || lpad(i::text, 4, '0')"
        " FROM generate_series(1, $1) i UNION ALL SELECT i, 'jazz ' || i FROM generate_series(1, 9) i",
        MANY,
    )
    expected = [f"dub {number:04}" for rest in (2, 1, 0) for number in range(1, MANY + 1) if number % 3 == rest]
    pages = await client.pages(TAGS, "tags", q="Dub", limit=100)
    assert [tag["name"] for page in pages for tag in page] == expected
    counts = [tag["trackCount"] for page in pages for tag in page]
    assert counts == sorted(counts, reverse=True)
    [few] = await client.pages(TAGS, "tags", q="dub 001", limit=100)
    assert [tag["name"] for tag in few] == [name for name in expected if name.startswith("dub 001")]


async def test_tracks_with_a_tag_are_given_newest_or_most_popular_first(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    uris = [(await stage.track(nils, tid(number), at=number, tags=["dub"]))[0] for number in range(5)]
    await stage.track(ida, at=9, tags=["jazz"])
    await stage.like(ida, uris[0])
    for number, song in enumerate((1, 1, 3)):
        await stage.play(ida, tid(number), at=-number, originUri=uris[song])
    for sort, order in (("newest", (4, 3, 2, 1, 0)), ("popular", (0, 1, 3, 4, 2))):
        pages = await client.pages(TRACKS, "tracks", tag=" DUB ", sort=sort, limit=2)
        assert [track["uri"] for page in pages for track in page] == [uris[number] for number in order]
    await stage.hide(nils)
    for tag in ("dub", "nobody uses it"):
        assert await client.get(TRACKS, tag=tag) == {"tracks": []}
