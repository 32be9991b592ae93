"""Paging to the end while others write: what was there all along is given once, in order, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from tests.appview.contract.cases import CASES, Case
from tests.appview.contract.conftest import Act, Founded, ages, asking
from tests.appview.contract.town import Town, grow
from tests.appview.stage import Client
from tests.conftest import Server

PAGED = [case for case in CASES if case.items]
GROWING = 8  # pages during which others write: what they add may itself be listed
PAGES_MAX = 100


def identity(item: dict[str, Any] | str) -> str:
    """What makes an item the one that it is, whatever its figures say by now."""
    if isinstance(item, str):
        return item
    if "position" in item:
        return str(item["position"])
    for name in ("uri", "did"):
        if name in item:
            return item[name]
    if "slug" in item:
        return f"{item['author']['did']} {item['slug']}"
    if "name" in item:
        return item["name"]
    for view in item.values():
        if isinstance(view, dict) and ("uri" in view or "did" in view):
            return identity(view)
    return orjson.dumps(item).decode()


async def _page(client: Client, town: Town, case: Case, limit: int, cursor: str | None = None) -> tuple[list[str], Any]:
    """The identities of a page's items, and the cursor behind it."""
    assert case.items
    further = {"cursor": cursor} if cursor else {}
    answer = await client.get(case.nsid, **case.asked(town), limit=limit, **further)
    return [identity(item) for item in answer[case.items]], answer.get("cursor")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def growing(postgres: Server, founded: Founded) -> AsyncGenerator[list[Client]]:
    """Ask about the town from year to year."""

    def year(number: int) -> Act:
        return lambda stage: grow(stage, founded.town, number)

    async with ages(postgres, founded, *map(year, range(1, GROWING + 1))) as clients:
        yield clients


@asking
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("case", PAGED, ids=str)
async def test_pages_give_everything_once_while_others_write(
    growing: list[Client], town: Town, case: Case, limit: int
) -> None:
    years = iter(growing if not case.moving else growing[:1])
    client = next(years)
    before, _ = await _page(client, town, case, case.most)
    assert len(before) > limit, "the town has too few of these"
    seen, cursor = await _page(client, town, case, limit)
    pages = 1
    while cursor:
        assert len(seen) == pages * limit
        client = next(years, client)
        page, cursor = await _page(client, town, case, limit, cursor)
        assert page, "a cursor led to nothing"
        seen += page
        pages += 1
        assert pages < PAGES_MAX, "the pages do not end"
    after, _ = await _page(client, town, case, case.most)
    assert len(seen) == len(set(seen))
    steady = set(before) & set(after)
    assert [item for item in seen if item in steady] == [item for item in before if item in steady]


@asking
@pytest.mark.parametrize("case", PAGED, ids=str)
async def test_a_page_that_ends_with_the_last_item_has_no_cursor(client: Client, town: Town, case: Case) -> None:
    whole, cursor = await _page(client, town, case, case.most)
    assert cursor is None
    for limit in (len(whole) - 1, len(whole)):
        page, cursor = await _page(client, town, case, limit)
        assert (page, cursor is None) == (whole[:limit], limit == len(whole))
