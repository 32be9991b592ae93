"""What links to something: in both forms, of all accounts and of some."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from appview import constellation
from appview.queries import QUERIES
from tests.appview.stage import AUDIO, NOW, Client, Person, Stage, tid

LINKS = "blue.microcosm.links.getBacklinks"
COUNT = "blue.microcosm.links.getBacklinksCount"
DIDS = "blue.microcosm.links.getBacklinkDids"
LIKE, COMMENT, LIST = "fm.plyr.like", "fm.plyr.comment", "fm.plyr.list"
SOURCE = f"{LIKE}:subject.uri"
SONG = "at://did:plc:abcdefghijklmnopqrstuvwx/fm.plyr.track/3l3qo2vuowo2b"


def told(person: Person, number: int, collection: str = LIKE) -> dict[str, str]:
    return {"did": person.did, "collection": collection, "rkey": tid(number)}


async def older(client: Client, path: str, /, **params: Any) -> tuple[int, Any]:
    asked = {"target": SONG, "collection": LIKE, "path": ".subject.uri", **params}
    pairs = [(name, str(each)) for name, value in asked.items() for each in (value if type(value) is list else [value])]
    async with client.session.get(path, params=pairs) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "RateLimit-Limit" in response.headers
        return response.status, orjson.loads(await response.read())


async def test_records_that_link_are_told_newest_first_with_exact_totals(stage: Stage, client: Client) -> None:
    one, two = await stage.person(), await stage.person()
    for person, number in ((one, 1), (two, 2), (one, 3)):
        await stage.like(person, SONG, tid(number), at=10)
    await stage.comment(two, SONG, tid(4))
    expected = [told(one, 3), told(two, 2), told(one, 1)]
    assert await client.get(LINKS, subject=SONG, source=SOURCE) == {"total": 3, "records": expected}
    oldest = await client.get(LINKS, subject=SONG, source=SOURCE, reverse="true")
    assert oldest == {"total": 3, "records": expected[::-1]}
    assert await client.get(COUNT, subject=SONG, source=SOURCE) == {"total": 3}
    assert await client.get(DIDS, subject=SONG, source=SOURCE) == {"total": 2, "linking_dids": [two.did, one.did]}
    comments = await client.get(LINKS, subject=SONG, source=f"{COMMENT}:subject.uri")
    assert comments == {"total": 1, "records": [told(two, 4, COMMENT)]}


async def test_links_of_some_accounts_alone_are_paged_in_the_same_order(stage: Stage, client: Client) -> None:
    people = [await stage.person() for _ in range(3)]
    for number in range(9):
        await stage.like(people[number % 3], SONG, tid(number), at=10)
    some = [people[0].did, people[2].did, people[0].did, "did:plc:unknown"]
    expected = [told(people[number % 3], number) for number in range(9) if number % 3 != 1]
    for reverse, order in (("true", expected), ("false", expected[::-1])):
        pages = await client.pages(LINKS, "records", subject=SONG, source=SOURCE, did=some, limit=4, reverse=reverse)
        assert pages == [order[:4], order[4:]]
    assert (await client.get(LINKS, subject=SONG, source=SOURCE, did=some))["total"] == 6


async def test_paths_lead_into_lists_and_a_record_counts_once(stage: Stage, client: Client) -> None:
    person = await stage.person()
    items = [{"subject": {"uri": SONG, "cid": str(AUDIO)}}] * 2
    value = {"items": items, "createdAt": NOW.isoformat()}
    await stage.put(person, LIST, tid(1), value)
    answer = await client.get(LINKS, subject=SONG, source=f"{LIST}:items[].subject.uri")
    assert answer == {"total": 1, "records": [told(person, 1, LIST)]}
    await stage.put(person, LIST, tid(1), {**value, "items": []})
    assert await client.get(COUNT, subject=SONG, source=f"{LIST}:items[].subject.uri") == {"total": 0}


async def test_hidden_accounts_and_deleted_and_invalid_records_link_to_nothing(stage: Stage, client: Client) -> None:
    one, two = await stage.person(), await stage.person()
    for person, number in ((one, 1), (one, 2), (two, 1), (two, 2)):
        await stage.like(person, SONG, tid(number))
    await stage.put(two, LIKE, tid(3), {"subject": {"uri": SONG}})
    await stage.delete(two, LIKE, tid(2))
    await stage.hide(one)
    assert await client.get(LINKS, subject=SONG, source=SOURCE) == {"total": 1, "records": [told(two, 1)]}
    assert await client.get(DIDS, subject=SONG, source=SOURCE) == {"total": 1, "linking_dids": [two.did]}
    assert (await client.get(LINKS, subject=SONG, source=SOURCE, did=[one.did]))["total"] == 0
    await stage.delete(one, LIKE, tid(1))
    await stage.hide(one, hidden=False)
    assert await client.get(DIDS, subject=SONG, source=SOURCE) == {"total": 2, "linking_dids": [two.did, one.did]}


async def test_a_hidden_record_is_no_backlink(stage: Stage, client: Client) -> None:
    one, two = await stage.person(), await stage.person()
    for person, number in ((one, 1), (one, 2), (two, 1)):
        await stage.like(person, SONG, tid(number), at=10)
    await stage.comment(one, SONG, tid(2))
    for rkey in (f"{LIKE}/{tid(1)}", f"{COMMENT}/{tid(2)}"):
        await stage.pool.execute("INSERT INTO visibility VALUES ($1, $2, 'label', true, true)", one.id, rkey)
    for reverse in ("true", "false"):
        for dids in ([], [one.did, two.did]):
            answer = await client.get(LINKS, subject=SONG, source=SOURCE, reverse=reverse, did=dids)
            told_of = [(record["did"], record["rkey"]) for record in answer["records"]]
            assert sorted(told_of) == sorted([(one.did, tid(2)), (two.did, tid(1))])
    await stage.pool.execute("UPDATE visibility SET subject = $1 WHERE subject = $2", f"{LIKE}/{tid(2)}", rkey)
    assert (await client.get(DIDS, subject=SONG, source=SOURCE))["linking_dids"] == [two.did]
    assert (await older(client, "/links"))[1]["linking_records"] == [told(two, 1)]


@pytest.mark.parametrize("subject", ["https://example.com/", "did:plc:unknown", "at://nobody.example.com"])
async def test_what_nobody_links_to_has_no_links(client: Client, subject: str) -> None:
    assert await client.get(LINKS, subject=subject, source=SOURCE) == {"total": 0, "records": []}
    assert await client.get(DIDS, subject=subject, source=SOURCE) == {"total": 0, "linking_dids": []}
    assert await client.get(COUNT, subject=subject, source=SOURCE) == {"total": 0}


@pytest.mark.parametrize("source", ["", LIKE, f"{LIKE}:", "subject.uri", ":subject.uri", "x:y"])
async def test_a_source_is_a_collection_and_a_path(client: Client, source: str) -> None:
    assert await client.refused(LINKS, subject=SONG, source=source) == "InvalidRequest"


async def test_the_older_form_tells_the_same_under_its_own_names(stage: Stage, client: Client) -> None:
    one, two = await stage.person(), await stage.person()
    for person, number in ((one, 1), (two, 2), (one, 3)):
        await stage.like(person, SONG, tid(number), at=10)
    records = [told(one, 3), told(two, 2), told(one, 1)]
    assert await older(client, "/links") == (200, {"total": 3, "linking_records": records, "cursor": None})
    assert await older(client, "/links/count") == (200, {"total": 3})
    assert await older(client, "/links/count/distinct-dids") == (200, {"total": 2})
    dids = {"total": 2, "linking_dids": [two.did, one.did], "cursor": None}
    assert await older(client, "/links/distinct-dids") == (200, dids)
    _, first = await older(client, "/links", limit=2)
    assert first["linking_records"] == records[:2]
    _, rest = await older(client, "/links", limit=2, cursor=first["cursor"])
    assert rest == {"total": 3, "linking_records": records[2:], "cursor": None}
    for some in ({"did": [two.did]}, {"from_dids": f"{two.did},did:plc:unknown"}):
        _, answer = await older(client, "/links", **some)
        assert answer == {"total": 1, "linking_records": [records[1]], "cursor": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": ""},
        {"collection": "likes"},
        {"path": ""},
        {"limit": 0},
        {"limit": 1_001},
        {"cursor": "x"},
        {"reverse": "1"},
        {"did": ["x"]},
        {"from_dids": "x,y"},
        {"from_dids": ",".join(["did:plc:abc"] * 101)},
    ],
    ids=str,
)
async def test_the_older_form_refuses_what_is_wrong_by_name(client: Client, wrong: dict[str, Any]) -> None:
    [name] = wrong
    status, answer = await older(client, "/links", **wrong)
    assert (status, answer["error"], f"'{name}'" in answer["message"]) == (400, "InvalidRequest", True)


def test_each_path_of_the_older_form_is_known_by_a_name_of_its_own() -> None:
    names = {constellation.schema(path).nsid for path in constellation.PATHS}
    assert len(names) == len(constellation.PATHS)
    assert names.isdisjoint(QUERIES)


async def test_the_older_form_has_tags_preflights_and_one_method(client: Client) -> None:
    asked = {"target": SONG, "collection": LIKE, "path": ".subject.uri"}
    async with client.session.get("/links/count", params=asked) as response:
        tag = response.headers["ETag"]
    async with client.session.get("/links/count", params=asked, headers={"If-None-Match": tag}) as response:
        assert response.status == 304
    async with client.session.options("/links") as response:
        assert response.status == 204
    async with client.session.post("/links", params=asked) as response:
        assert response.status == 405
