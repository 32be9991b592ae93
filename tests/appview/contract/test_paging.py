"""Paging to the end while others write: what was there all along is given once, in order, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.appview.contract.cases import CASES, Case
from tests.appview.contract.conftest import Act, Founded, ages, asking
from tests.appview.contract.town import Town, grow, widen
from tests.appview.stage import Client, Stage
from tests.conftest import Server

PAGED = [case for case in CASES if case.items]
GROWING = 8  # pages during which others write: what they add may itself be listed
PAGES_MAX = 100
KEYS = ("uri", "did", "id")


def identity(item: dict[str, Any] | str) -> str:
    """What makes an item the one that it is, whatever its figures say by now."""
    if isinstance(item, str):
        return item
    if "position" in item:
        return str(item["position"])
    for name in KEYS:
        if name in item:
            return item[name]
    if "slug" in item:
        return f"{item['author']['did']} {item['slug']}"
    if "name" in item:
        return item["name"]
    for view in item.values():
        if isinstance(view, dict) and any(name in view for name in KEYS):
            return identity(view)
    raise AssertionError(f"by what is this known again: {item}")


async def _page(client: Client, town: Town, case: Case, limit: int, cursor: str | None = None) -> tuple[list[str], Any]:
    """The identities of a page's items, and the cursor behind it."""
    assert case.items
    further = {"cursor": cursor} if cursor else {}
    answer = await client.get(case.nsid, **case.asked(town), limit=limit, **further)
    return [identity(item) for item in answer[case.items]], answer.get("cursor")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def growing(postgres: Server, founded: Founded) -> AsyncGenerator[list[Client]]:
    """Ask about the town from year to year."""
    async with ages(postgres, founded, *_years(founded.town, grow)) as clients:
        yield clients


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def widening(postgres: Server, founded: Founded) -> AsyncGenerator[list[Client]]:
    """Likewise, when what comes leaves the rest as it is."""
    async with ages(postgres, founded, *_years(founded.town, widen)) as clients:
        yield clients


def _years(town: Town, what: Callable[[Stage, Town, int], Awaitable[None]]) -> list[Act]:
    return [partial(what, town=town, number=number) for number in range(1, GROWING + 1)]


@asking
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("case", PAGED, ids=str)
async def test_pages_give_everything_once_while_others_write(
    growing: list[Client], widening: list[Client], town: Town, case: Case, limit: int
) -> None:
    years = iter(widening if case.moving else growing)
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
@pytest.mark.parametrize("case", [case for case in PAGED if case.moving], ids=str)
async def test_the_town_widens_before_and_behind_what_was_there(widening: list[Client], town: Town, case: Case) -> None:
    before, after = [(await _page(client, town, case, case.most))[0] for client in (widening[0], widening[-1])]
    assert [item for item in after if item in before] == before
    assert len(after) > len(before)


@asking
@pytest.mark.parametrize("case", PAGED, ids=str)
async def test_a_page_that_ends_with_the_last_item_has_no_cursor(client: Client, town: Town, case: Case) -> None:
    whole, cursor = await _page(client, town, case, case.most)
    assert cursor is None
    for limit in (len(whole) - 1, len(whole)):
        page, cursor = await _page(client, town, case, limit)
        assert (page, cursor is None) == (whole[:limit], limit == len(whole))
