"""What one server process answers over HTTP, with the load generator and the database on the same cores.

`plyr-appview serve` is asked over 64 connections for single tracks (all equally often, so that hardly one is asked for
again while its answer is held, and by popularity), for pages of 50 tracks, and for a mix of all that it serves, with
searches and charts and without these: first as fast as it answers, then at half of that rate, where latencies are of
interest. The baselines are bare aiohttp handlers: one that gives a fixed answer, and two that run the same SQL.
`workUs` says how many microseconds of a core each answer took of the server process and of the database, which a busy
machine does not stretch.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

import typer

from benchmarks import bare, catalogue
from benchmarks.catalogue import Sizes
from benchmarks.load import Answers, Load, ask, get
from benchmarks.processes import DATABASE, Part, cpu_seconds, cpu_seconds_of
from benchmarks.questions import FOUND_OR_COUNTED, PAGE, Questions
from benchmarks.report import Figures, memory_mb, ratio
from benchmarks.serving import fetch, serving
from runtime.settings import Settings

REQUESTS = 20_000  # different ones, sent in turn
PAGES = 40  # likewise
WARM_UP = 1.0  # seconds at most


class Measured(NamedTuple):
    """Answers at full and at half load; cores that the server process and the database took at full load."""

    full: Answers
    half: Answers
    cores: list[float]

    def figures(self) -> dict[str, object]:
        server, database = (round(cores / self.full.rate * 1e6) for cores in self.cores)
        return {
            **self.full.figures(),
            "halfLoad": self.half.figures(),
            "workUs": {"server": server, "database": database},
        }


def run(  # noqa: PLR0913 - sizes
    *,
    accounts: Annotated[int, typer.Option(min=10, help="accounts, a fifth of them artists")] = 4_000,
    tracks: Annotated[int, typer.Option(min=100, help="tracks")] = 20_000,
    plays: Annotated[int, typer.Option(min=100, help="plays")] = 100_000,
    likes: Annotated[int, typer.Option(min=100, help="likes")] = 40_000,
    comments: Annotated[int, typer.Option(min=100, help="comments")] = 10_000,
    lists: Annotated[int, typer.Option(min=0, help="albums and playlists")] = 5_000,
    connections: Annotated[int, typer.Option(min=1, help="connections of the load generator")] = 64,
    seconds: Annotated[float, typer.Option(min=0.1, help="time of each measurement [s]")] = 4.0,
    data: Annotated[Path | None, typer.Option(help="folder that keeps the loaded data for the next run")] = None,
) -> Figures:
    """Answers per second of one server process, and their latencies at full and at half load."""
    sizes = Sizes(accounts, tracks, plays, likes, comments, lists)
    return asyncio.run(_measure(sizes, data, Load(connections, seconds, min(WARM_UP, seconds), None)))


async def _measure(sizes: Sizes, data: Path | None, load: Load) -> Figures:
    async with catalogue.loaded(sizes, data) as loaded:
        settings = loaded.store.settings
        questions = await catalogue.questions(loaded.store)
        ours, memory = await asyncio.to_thread(_ours, settings, questions, load)
        baseline = await asyncio.to_thread(_baseline, settings, questions, load)
        return {
            "data": loaded.figures(),
            **{name: measured.figures() for name, measured in ours.items()},
            "memoryMb": memory,
            "baseline": baseline,
            "ratio": {
                "getTrack": ratio(ours["getTrack"].full.rate, baseline["sqlTrack"]),
                "page": ratio(ours["page"].full.rate, baseline["sqlPage"]),
            },
        }


def _ours(settings: Settings, questions: Questions, load: Load) -> tuple[dict[str, Measured], float]:
    """The cases, and the server's memory after them."""
    with serving(settings) as (part, port):
        kinds = {
            "getTrack": questions.of("getTrack", REQUESTS),
            "getTrackByPopularity": questions.of("getTrack", REQUESTS, popular=True),
            "page": _pages(port),
            "mix": questions.mixed(REQUESTS),
            "mixWithoutSearchAndCharts": questions.mixed(REQUESTS, FOUND_OR_COUNTED),
        }
        return {name: _case(part, port, requests, load) for name, requests in kinds.items()}, memory_mb(part.pid)


def _case(part: Part, port: int, requests: Sequence[bytes], load: Load) -> Measured:
    before = cpu_seconds(part.pid), cpu_seconds_of(DATABASE)
    full = ask(port, requests, load)
    after = cpu_seconds(part.pid), cpu_seconds_of(DATABASE)
    # Of two answers at least something can be told.
    half = ask(port, requests, load._replace(rate=max(full.rate / 2, 4 / load.seconds)))
    time = load.warm_up + load.seconds
    return Measured(full, half, [(late - early) / time for early, late in zip(before, after, strict=True)])


def _baseline(settings: Settings, questions: Questions, load: Load) -> dict[str, float]:
    with bare.serving(settings) as port:
        return {
            "bare": ask(port, [get("/bare")], load).rate,
            "sqlTrack": ask(port, questions.bare_tracks(REQUESTS), load).rate,
            "sqlPage": ask(port, [get("/page")], load).rate,
        }


def _pages(port: int) -> list[bytes]:
    """Requests of the first pages of all tracks, one after the other."""
    path = f"/xrpc/fm.plyr.feed.getLatestTracks?limit={PAGE}"
    requests = [get(path)]
    cursor = fetch(port, path).get("cursor")
    while cursor is not None and len(requests) < PAGES:
        following = f"{path}&cursor={quote(cursor)}"
        requests.append(get(following))
        cursor = fetch(port, following).get("cursor")
    return requests
