"""What people do: one stream of every kind, and what somebody likes."""

from __future__ import annotations

from typing import Any

from tests.appview.stage import Client, Person, Stage, moment, tid

ACTIVITY = "fm.plyr.feed.getActivity"
LIKES = "fm.plyr.feed.getActorLikes"
KINDS = ["track", "like", "comment", "list", "join"]


async def _join(stage: Stage, person: Person, *, at: float) -> str:
    profile = {"bio": "A bio.", "createdAt": moment(at)}
    return (await stage.put(person, "fm.plyr.actor.profile", "self", profile, at=at))[0]


async def _busy(stage: Stage) -> tuple[Person, Person, dict[str, str]]:
    """Somebody who makes a track, and somebody who does all else; the uris by kind."""
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    track, _ = await stage.track(nils, tid(0), at=1)
    return (
        nils,
        ida,
        {
            "track": track,
            "join": await _join(stage, ida, at=2),
            "like": (await stage.like(ida, track, tid(0), at=3))[0],
            "comment": (await stage.comment(ida, track, tid(0), at=4))[0],
            "list": (await stage.track_list(ida, [track], tid(5_000_000), at=5, name="Kveld"))[0],
        },
    )


def told(answer: Any) -> list[tuple[str, str]]:
    return [(item["kind"], item["uri"]) for item in answer["items"]]


async def test_activity_is_one_stream_of_all_kinds_with_what_each_is_about(stage: Stage, client: Client) -> None:
    _, ida, uris = await _busy(stage)
    answer = await client.get(ACTIVITY)
    assert told(answer) == [(kind, uris[kind]) for kind in ("list", "comment", "like", "join", "track")]
    made, said, liked, joined, published = answer["items"]
    assert (made["list"]["uri"], made["list"]["itemCount"], made["list"]["name"]) == (uris["list"], 1, "Kveld")
    assert (said["comment"]["uri"], said["comment"]["text"]) == (uris["comment"], "Så bra!")
    for item in (said, liked, published):
        assert item["track"]["uri"] == uris["track"]
    assert joined == {
        "kind": "join",
        "uri": uris["join"],
        "at": moment(2),
        "actor": {"did": ida.did, "handle": "ida.example.com", "displayName": "ida.example.com"},
    }
    assert [item["at"] for item in answer["items"]] == [moment(at) for at in (5, 4, 3, 2, 1)]
    assert [set(item) - {"kind", "uri", "at", "actor"} for item in (made, said, liked)] == [
        {"list"},
        {"comment", "track"},
        {"track"},
    ]


async def test_activity_can_be_of_some_kinds_and_of_one_account(stage: Stage, client: Client) -> None:
    nils, ida, uris = await _busy(stage)
    for kind in KINDS:
        assert told(await client.get(ACTIVITY, kinds=kind)) == [(kind, uris[kind])]
        own = told(await client.get(ACTIVITY, kinds=kind, actor="ida.example.com"))
        assert own == ([] if kind == "track" else [(kind, uris[kind])])
    assert [kind for kind, _ in told(await client.get(ACTIVITY, kinds=["like", "track"]))] == ["like", "track"]
    assert told(await client.get(ACTIVITY, actor=nils.did)) == [("track", uris["track"])]
    assert [kind for kind, _ in told(await client.get(ACTIVITY, actor=ida.did))] == ["list", "comment", "like", "join"]


async def test_what_happens_at_one_moment_pages_kind_by_kind(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    for person, other in ((nils, ida), (ida, nils)):
        await _join(stage, person, at=0)
        for number in range(2):
            await stage.track(person, tid(number))
        for number in range(2):
            await stage.track_list(person, [other.uri(tid(0))], tid(number))
    for person, other in ((nils, ida), (ida, nils)):
        for number in range(2):
            await stage.like(person, other.uri(tid(number)), tid(number))
            await stage.comment(person, other.uri(tid(number)), tid(number))
    for params, count in (({}, 18), ({"actor": ida.did}, 9)):
        whole = told(await client.get(ACTIVITY, **params))
        assert len(set(whole)) == count
        for limit in (1, 2, 4):
            pages = await client.pages(ACTIVITY, "items", limit=limit, **params)
            assert [(item["kind"], item["uri"]) for page in pages for item in page] == whole


async def test_what_is_about_a_track_that_is_gone_or_hidden_does_not_show(stage: Stage, client: Client) -> None:
    nils, ida, uris = await _busy(stage)
    rest = [("list", uris["list"]), ("join", uris["join"])]
    await stage.hide(nils)
    assert told(await client.get(ACTIVITY)) == rest
    assert told(await client.get(ACTIVITY, actor=ida.did)) == rest
    assert await client.get(LIKES, actor=ida.did) == {"tracks": []}
    await stage.hide(nils, hidden=False)
    await stage.delete(nils, "fm.plyr.track", tid(0))
    assert told(await client.get(ACTIVITY)) == rest
    assert await client.get(LIKES, actor=ida.did) == {"tracks": []}


async def test_a_repeated_like_is_one_act(stage: Stage, client: Client) -> None:
    _, ida, uris = await _busy(stage)
    second, _ = await stage.like(ida, uris["track"], tid(9), at=9)
    assert told(await client.get(ACTIVITY, kinds="like")) == [("like", uris["like"])]
    await stage.delete(ida, "fm.plyr.like", tid(0))
    assert told(await client.get(ACTIVITY, kinds="like")) == [("like", second)]


async def test_what_an_account_likes_goes_by_when_it_liked_it(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person("ida.example.com")
    first, second, third = [(await stage.track(nils, tid(number), at=number))[0] for number in range(3)]
    for at, uri in enumerate((second, third, first)):
        await stage.like(ida, uri, tid(at), at=at)
    pages = await client.pages(LIKES, "tracks", actor="ida.example.com", limit=2)
    assert [[track["uri"] for track in page] for page in pages] == [[first, third], [second]]
    assert pages[0][0]["likeCount"] == 1


async def test_of_an_account_that_never_appeared_or_is_hidden_nothing_is_told(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    for method, empty in ((ACTIVITY, {"items": []}), (LIKES, {"tracks": []})):
        assert await client.get(method, actor=nils.did) == empty
    await stage.hide(ida)
    for method in (ACTIVITY, LIKES):
        for actor in (ida.did, "did:plc:" + "z" * 24, "nobody.example.com"):
            assert await client.refused(method, actor=actor) == "ActorNotFound"
