"""What a chart costs: one question at a time to a server that holds no answer, and the same by counting the plays.

`plyr-appview serve` is asked over one connection for each chart of played music, of all time and of the last 30 and 7
days, of everybody and of one account, and for the figures of everything; charts whose method this version does not
serve are left out. The baseline is a GROUP BY over the plays, in the database alone. Run it at a tenth of the plays
too: the ratio of the medians shows what grows. `api` can ask the same catalogue, with as many likes as tracks, a
quarter of that in comments and a twentieth in lists. A kept catalogue ends on the day on which it was loaded; the
windows of later days have fewer plays.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Annotated, Final

import typer

from appview.queries import QUERIES
from benchmarks import catalogue
from benchmarks.catalogue import Sizes
from benchmarks.load import Load, ask, get
from benchmarks.report import Figures, milliseconds
from benchmarks.serving import serving
from runtime.db import Connection
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)

CHARTS: Final = ("Artists", "Releases", "Recordings")
PERIODS: Final = {"all": None, "30days": 30, "7days": 7}
ASKED: Final = 200  # accounts whose charts are asked for
ROUNDS: Final = 3  # of the baseline
WARM_UP: Final = 0.1  # seconds at most


def run(
    *,
    accounts: Annotated[int, typer.Option(min=10, help="accounts")] = 2_000,
    tracks: Annotated[int, typer.Option(min=100, help="tracks")] = 1_000,
    plays: Annotated[int, typer.Option(min=100, help="plays")] = 50_000,
    seconds: Annotated[float, typer.Option(min=0.1, help="time of each chart [s]")] = 1.0,
    data: Annotated[Path | None, typer.Option(help="folder that keeps the loaded data for the next run")] = None,
) -> Figures:
    """Milliseconds of each chart, and of counting the plays."""
    sizes = Sizes(accounts, tracks, plays, likes=tracks, comments=tracks // 4, lists=tracks // 20)
    return asyncio.run(_measure(sizes, data, Load(1, seconds, min(WARM_UP, seconds), None)))


async def _measure(sizes: Sizes, data: Path | None, load: Load) -> Figures:
    async with catalogue.loaded(sizes, data) as loaded:
        opened = loaded.store
        dids = [row["did"] for row in await opened.pool.fetch(catalogue.SQL["some_accounts"], ASKED)]
        settings = opened.settings.model_copy(update={"answer_hold": 0})
        ours = await asyncio.to_thread(_ours, settings, dict(_questions(dids)), load)
        async with opened.pool.acquire() as connection:
            baseline = {name: milliseconds(times) async for name, times in _baseline(connection)}
        return {"data": loaded.figures(), "plays": sizes.plays, "ms": ours, "groupByMs": baseline}


def _questions(dids: list[str]) -> Iterator[tuple[str, list[bytes]]]:
    """Requests, in turn, by what they are called."""
    for chart, period in product(CHARTS, PERIODS):
        nsid = f"fm.plyr.scrobble.getTop{chart}"
        if nsid in QUERIES:
            yield f"top{chart} {period}", [get(f"/xrpc/{nsid}?period={period}")]
            of_one = [get(f"/xrpc/{nsid}?period={period}&actor={did}") for did in dids]
            yield f"top{chart} {period} of one account", of_one
    yield "stats", [get("/xrpc/fm.plyr.stats.getStats")]
    nsid = "fm.plyr.stats.getHistogram"
    if nsid in QUERIES:
        yield "plays by day", [get(f"/xrpc/{nsid}?metric=plays")]
        yield "plays by day of one account", [get(f"/xrpc/{nsid}?metric=plays&actor={did}") for did in dids]


def _ours(settings: Settings, questions: dict[str, list[bytes]], load: Load) -> dict[str, object]:
    with serving(settings) as (_, port):
        return {name: milliseconds(ask(port, requests, load).latencies) for name, requests in questions.items()}


async def _baseline(connection: Connection) -> AsyncGenerator[tuple[str, list[float]]]:
    """Seconds of each count, by its name."""
    for query, (period, days) in product(("group_artists", "group_recordings"), PERIODS.items()):
        since = datetime.now(UTC) - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
        times: list[float] = []
        for _ in range(ROUNDS):
            began = perf_counter()
            await connection.fetch(SQL[query], since)
            times.append(perf_counter() - began)
        yield f"{query} {period}", times
