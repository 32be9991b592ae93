"""Happy answers: as their lexicon says, of visible people and living records alone, at the price that the docs name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

import lexicons
from appview.openapi import describe
from appview.queries import QUERIES, identity
from appview.reads import Reads
from tests.appview.contract.cases import CASES, Case
from tests.appview.contract.conftest import KEY, Founded, ages, asking
from tests.appview.contract.town import Town, ruin
from tests.appview.signing import bearer, claims, token
from tests.appview.stage import Client, Stage
from tests.conftest import Server
from tests.house.tree import ROOT

STATEMENTS_MAX = 3
TRACK_VIEW = "fm.plyr.feed.defs.trackView"
FOR_YOU = "fm.plyr.feed.getForYou"  # which leaves out what one likes
RESOLVE = "com.atproto.identity.resolveHandle"  # which is that statement which others take for a handle

every_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_query_has_a_case() -> None:
    assert {case.nsid for case in CASES} == set(QUERIES), "cases.py has a line for each query"


def test_every_case_of_a_method_with_a_cursor_names_what_it_pages() -> None:
    for case in CASES:
        params = lexicons.load().query(case.nsid).definition.parameters
        assert bool(case.items) == bool(params and "cursor" in params.properties), case


async def _as_fan(client: Client, town: Town, case: Case) -> Any:
    """The answer to somebody who is signed in."""
    headers = bearer(token(KEY, claims(town.fans[0], case.nsid)))
    status, answer, _ = await client.send(case.nsid, headers, **case.asked(town))
    assert status == 200, answer
    assert lexicons.load().query(case.nsid).validate_output(answer) == []
    return answer


async def _told(client: Client, town: Town, case: Case) -> str:
    """The answer's text; empty when the lexicon's own error is the answer."""
    status, answer = await client.ask(case.nsid, **case.asked(town))
    if status == 200:
        assert lexicons.load().query(case.nsid).validate_output(answer) == []
        return orjson.dumps(answer).decode()
    assert (status, answer["error"] in lexicons.load().query(case.nsid).errors) == (400, True), answer
    return ""


@asking
@every_case
async def test_an_answer_is_as_its_lexicon_says(client: Client, town: Town, case: Case) -> None:
    answer = await client.get(case.nsid, **case.asked(town))
    assert case.about.format_map(town.names) in orjson.dumps(answer).decode()
    assert await _as_fan(client, town, case)


def _tracks(value: Any) -> Iterator[Any]:
    """Every trackView in an answer."""
    inner: list[Any] = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict) and value.keys() >= {"record", "title", "likeCount"}:
        yield value
    for each in inner:
        yield from _tracks(each)


def _giving_tracks() -> set[str]:
    """The methods in whose answers a trackView may stand."""
    document = describe(lexicons.load(), QUERIES, "https://appview.example.com", "1.0")
    schemas = document["components"]["schemas"]

    def gives(value: Any) -> bool:
        if isinstance(value, list):
            return any(map(gives, value))
        if not isinstance(value, dict):
            return False
        name = str(value.get("$ref", "")).rpartition("/")[2]
        return name == TRACK_VIEW or gives(schemas.get(name)) or any(map(gives, value.values()))

    return {nsid for nsid in QUERIES if gives(document["paths"][f"/xrpc/{nsid}"]["get"]["responses"]["200"])}


@asking
async def test_every_track_tells_who_is_signed_in_whether_they_like_it(client: Client, town: Town) -> None:
    written = await client.get("com.atproto.repo.listRecords", repo=town.fans[0].did, collection="fm.plyr.like")
    likes = {like["value"]["subject"]["uri"]: {"like": like["uri"]} for like in written["records"]}
    liked: dict[str, bool] = {}
    for case in CASES:
        for track in _tracks(await _as_fan(client, town, case)):
            assert track.get("viewer") == likes.get(track["uri"], {}), case
            liked[case.nsid] = liked.get(case.nsid, False) or track["uri"] in likes
    assert liked == {nsid: nsid != FOR_YOU for nsid in _giving_tracks()}, "each gives one that the fan likes"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hiding(postgres: Server, founded: Founded) -> AsyncGenerator[list[Client]]:
    """Ask before, while the author is hidden, while a fan is, and when both are visible again."""
    author, fan = founded.town.author, founded.town.fans[0]

    async def hide_author(stage: Stage) -> None:
        await stage.hide(author)

    async def hide_fan(stage: Stage) -> None:
        await stage.hide(author, hidden=False)
        await stage.hide(fan)

    async def hide_nobody(stage: Stage) -> None:
        await stage.hide(fan, hidden=False)

    async with ages(postgres, founded, hide_author, hide_fan, hide_nobody) as clients:
        yield clients


@asking
@every_case
async def test_nothing_of_a_hidden_account_shows_until_it_is_visible_again(
    hiding: list[Client], town: Town, case: Case
) -> None:
    before, without_author, without_fan, after = [await _told(client, town, case) for client in hiding]
    for person, told in ((town.author, without_author), (town.fans[0], without_fan)):
        assert person.did not in told
        assert f'"{person.handle}"' not in told
    assert after == before


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def deleting(postgres: Server, founded: Founded) -> AsyncGenerator[list[tuple[Client, list[str]]]]:
    """Ask when the author has deleted everything, and when a fan has too; with what is gone."""
    gone: list[list[str]] = []

    async def ruin_author(stage: Stage) -> None:
        gone.append(await ruin(stage, founded.town.author))

    async def ruin_fan(stage: Stage) -> None:
        gone.append(await ruin(stage, founded.town.fans[0]))

    async with ages(postgres, founded, ruin_author, ruin_fan) as [_, *clients]:
        yield list(zip(clients, gone, strict=True))


@asking
@every_case
async def test_nothing_that_is_deleted_shows(deleting: list[tuple[Client, list[str]]], town: Town, case: Case) -> None:
    for client, gone in deleting:
        told = await _told(client, town, case)
        assert gone
        assert [uri for uri in gone if f'"{uri}"' in told] == []


@asking
async def test_an_answer_takes_as_many_statements_as_the_docs_say(
    client: Client, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    rows = Reads.rows

    async def counted(reads: Reads, sql: str, *arguments: object) -> Any:
        sent.append(sql)
        return await rows(reads, sql, *arguments)

    monkeypatch.setattr(Reads, "rows", counted)
    most: Counter[str] = Counter()
    for case in CASES:
        sent.clear()
        await _as_fan(client, town, case)
        assert len(sent) - 1 <= STATEMENTS_MAX, case  # one finds out who asks
        naming = 0 if case.nsid == RESOLVE else sent.count(identity.SQL["holders"])
        most[case.nsid] = max(most[case.nsid], len(sent) - naming - 1)
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \|.*\| (\d)(?:: ([^|]+))? \|$", text, re.MULTILINE)
    assert {nsid: int(number) for nsid, number, _ in rows} == dict(most)
    assert {nsid: len(named.split(", ")) for nsid, _, named in rows if named} == {
        nsid: number for nsid, number in most.items() if number > 1
    }
