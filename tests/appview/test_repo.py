"""com.atproto.repo and com.atproto.identity: records as they stand in repositories, and whose a handle is."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from appview import handles
from appview.errors import ServiceUnavailable
from appview.handles import Handles
from appview.queries import repo
from protocol.handles import HandleResolver, HandleUnresolvable
from protocol.syntax import Did, Handle
from runtime.settings import Settings
from tests.appview.stage import AUDIO, Client, Stage, tid

GET = "com.atproto.repo.getRecord"
LIST = "com.atproto.repo.listRecords"
RESOLVE = "com.atproto.identity.resolveHandle"
PLAY = "fm.teal.feed.play"
DID = Did("did:plc:abcdefghijklmnopqrstuvwx")


async def test_a_record_is_given_as_it_stands_in_its_repo(stage: Stage, client: Client) -> None:
    person = await stage.person("alice.example.com")
    value = {"trackName": "Strobe", "extra": [2**63 - 1, -(2**53) - 1, None], "blob": AUDIO, "bytes": b"\x00\xff"}
    uri, cid = await stage.put(person, PLAY, tid(1), value)
    expected = {
        "uri": uri,
        "cid": cid,
        "value": {
            "$type": PLAY,
            "trackName": "Strobe",
            "extra": [9223372036854775807, -9007199254740993, None],
            "blob": {"$link": str(AUDIO)},
            "bytes": {"$bytes": "AP8"},
        },
    }
    for name in (person.did, "Alice.example.com"):
        assert await client.get(GET, repo=name, collection=PLAY, rkey=tid(1), cid=cid) == expected
    assert (await client.get(LIST, repo=person.did, collection=PLAY))["records"] == [expected]


async def test_an_invalid_record_is_given_as_its_host_would_give_it(stage: Stage, client: Client) -> None:
    person = await stage.person()
    await stage.put(person, "fm.plyr.track", tid(1), {"title": 7})
    answer = await client.get(GET, repo=person.did, collection="fm.plyr.track", rkey=tid(1))
    assert answer["value"] == {"$type": "fm.plyr.track", "title": 7}


async def test_what_is_not_there_or_of_another_version_is_not_found(stage: Stage, client: Client) -> None:
    person = await stage.person("alice.example.com")
    await stage.play(person, tid(1))
    asked = {"repo": person.did, "collection": PLAY, "rkey": tid(1)}
    for other in (
        {"rkey": tid(2)},
        {"collection": "fm.plyr.track"},
        {"collection": "com.example.other"},
        {"repo": DID},
        {"repo": "nobody.example.com"},
        {"cid": str(AUDIO)},
    ):
        assert await client.refused(GET, **{**asked, **other}) == "RecordNotFound", other
    assert await client.refused(LIST, repo=DID, collection=PLAY) == "RepoNotFound"
    assert await client.get(LIST, repo=person.did, collection="com.example.other") == {"records": []}


async def test_a_hidden_record_is_not_found_and_not_listed(stage: Stage, client: Client) -> None:
    person = await stage.person()
    await stage.track(person, tid(1))
    kept, _ = await stage.track(person, tid(2))
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, true)", person.id, f"fm.plyr.track/{tid(1)}"
    )
    asked = {"repo": person.did, "collection": "fm.plyr.track"}
    assert await client.refused(GET, **asked, rkey=tid(1)) == "RecordNotFound"
    assert [each["uri"] for each in (await client.get(LIST, **asked))["records"]] == [kept]


async def test_what_is_not_of_the_data_model_has_no_json(stage: Stage, client: Client) -> None:
    person = await stage.person()
    for number in range(3):
        await stage.play(person, tid(number))
    await stage.pool.execute("UPDATE record SET value = $1 WHERE rkey = $2", b"\xff", tid(1))
    assert await client.refused(GET, repo=person.did, collection=PLAY, rkey=tid(1)) == "RecordNotFound"
    pages = await client.pages(LIST, "records", repo=person.did, collection=PLAY, limit=1)
    assert [[each["uri"].rpartition("/")[2] for each in page] for page in pages] == [[tid(2)], [], [tid(0)]]


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_page_ends_when_its_records_are_large(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch, reverse: bool
) -> None:
    monkeypatch.setattr(repo, "PAGE_BYTES", 200_000)
    person = await stage.person()
    for number in range(5):
        await stage.play(person, tid(number), note="x" * 90_000)
    pages = await client.pages(LIST, "records", repo=person.did, collection=PLAY, reverse=str(reverse).lower())
    found = [[each["uri"].rpartition("/")[2] for each in page] for page in pages]
    order = [tid(number) for number in range(5)]
    assert [len(page) for page in found] == [3, 2]
    assert [rkey for page in found for rkey in page] == (order if reverse else order[::-1])


async def test_a_staging_instance_knows_collections_by_their_names_in_repos(stage: Stage, client: Client) -> None:
    person = await stage.person()
    await stage.track(person, tid(1))
    await stage.pool.execute("INSERT INTO instance (namespace) VALUES ('fm.plyr.stg')")
    answer = await client.get(GET, repo=person.did, collection="fm.plyr.stg.track", rkey=tid(1))
    assert answer["uri"] == person.uri(tid(1), "fm.plyr.stg.track")
    assert await client.refused(GET, repo=person.did, collection="fm.plyr.track", rkey=tid(1)) == "RecordNotFound"
    assert await client.get(LIST, repo=person.did, collection="fm.plyr.track") == {"records": []}


async def test_the_same_answer_is_not_sent_twice(stage: Stage, client: Client) -> None:
    person = await stage.person()
    await stage.play(person, tid(1))
    asked = {"repo": person.did, "collection": PLAY, "rkey": tid(1)}
    _, _, headers = await client.send(GET, {}, **asked)
    status, body, _ = await client.send(GET, {"If-None-Match": headers["ETag"]}, **asked)
    assert (status, body) == (304, None)


class Resolver:
    """Knows one handle, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def resolve(self, handle: Handle) -> Did | None:
        self.asked.append(handle)
        await self.open.wait()
        if handle == "silent.example.com":
            raise HandleUnresolvable(handle)
        return DID if handle == "known.example.com" else None


def looking_up(resolver: Resolver, **settings: Any) -> Handles:
    return Handles(Settings.load({}, **settings), cast("HandleResolver", resolver))


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """What the served AppView asks."""
    found = Resolver()

    async def resolve(_: Handles, handle: Handle) -> Did | None:
        return await found.resolve(handle)

    monkeypatch.setattr(handles.Handles, "resolve", resolve)
    return found


async def test_a_handle_is_known_from_the_index_else_it_is_looked_up(
    stage: Stage, resolver: Resolver, client: Client
) -> None:
    person = await stage.person("alice.example.com")
    assert await client.get(RESOLVE, handle="Alice.example.com") == {"did": person.did}
    assert resolver.asked == []
    assert await client.get(RESOLVE, handle="known.example.com") == {"did": DID}
    assert await client.refused(RESOLVE, handle="nobody.example.com") == "HandleNotFound"


async def test_a_handle_does_not_lead_to_a_hidden_account(stage: Stage, resolver: Resolver, client: Client) -> None:
    person = await stage.person("known.example.com", did=DID)
    await stage.hide(person)
    assert await client.refused(RESOLVE, handle="known.example.com") == "HandleNotFound"
    assert resolver.asked == ["known.example.com"]
    await stage.hide(person, hidden=False)
    assert await client.get(RESOLVE, handle="known.example.com") == {"did": DID}


async def test_what_was_looked_up_is_remembered_for_a_moment_and_not_for_ever() -> None:
    resolver = Resolver()
    found = looking_up(resolver, identity_negative_ttl=0.05)
    for handle, did in (("known.example.com", DID), ("silent.example.com", None), ("nobody.example.com", None)):
        assert [await found.resolve(Handle(handle)) for _ in range(3)] == [did] * 3
    assert len(resolver.asked) == 3
    await asyncio.sleep(0.06)
    assert await found.resolve(Handle("known.example.com")) == DID
    assert len(resolver.asked) == 4


async def test_lookups_are_bounded_in_number_and_in_time() -> None:
    resolver = Resolver()
    resolver.open.clear()
    found = looking_up(resolver, viewer_fetches=1, viewer_wait=0.1)
    first = asyncio.create_task(found.resolve(Handle("known.example.com")))
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable):
        await found.resolve(Handle("other.example.com"))
    assert await first is None
    resolver.open.set()
    assert await found.resolve(Handle("other.example.com")) is None


async def test_those_who_ask_for_one_handle_at_once_share_a_lookup_that_outlives_the_first() -> None:
    resolver = Resolver()
    resolver.open.clear()
    found = looking_up(resolver, viewer_fetches=1)
    first, *others = [asyncio.create_task(found.resolve(Handle("known.example.com"))) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    resolver.open.set()
    assert await asyncio.gather(*others) == [DID] * 4
    assert first.cancelled()
    assert resolver.asked == ["known.example.com"]
    assert await found.resolve(Handle("nobody.example.com")) is None
