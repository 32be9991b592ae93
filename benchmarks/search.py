"""How long a search takes in the database, and whether it finds what was mistyped.

A library of invented names is searched for titles: whole ones, beginnings, with one or two mistakes, by two words in
the wrong order, by a word that many have, and by what nobody has. Ours are the statements of
`fm.plyr.search.searchTracks`, as a server sends them; the baseline is trigram similarity over an index of all titles.
The time of an answer is that of its statements together, seen from the client, one after another.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Annotated, Any, Final

import asyncpg
import orjson
import typer

from appview.queries import search as queries
from appview.queries.base import Call
from benchmarks import library
from benchmarks.library import SQL, Sizes
from benchmarks.names import COMMON
from benchmarks.report import Figures, milliseconds, ratio
from benchmarks.store import Store
from runtime import db

SEED: Final = 7
FIRST: Final = 10
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
STATEMENT_SECONDS: Final = 60.0


def run(
    tracks: Annotated[int, typer.Option(min=100, help="tracks; a fifth as many albums")] = 20_000,
    actors: Annotated[int, typer.Option(min=10, help="accounts")] = 2_000,
    playlists: Annotated[int, typer.Option(min=0, help="playlists")] = 2_000,
    questions: Annotated[int, typer.Option(min=2, help="of each kind")] = 100,
    data: Annotated[Path | None, typer.Option(help="a folder to keep the library in")] = None,
) -> Figures:
    """Milliseconds of a search by kind of question, against trigram similarity; recall@10 of mistyped titles."""
    return asyncio.run(_run(Sizes(tracks, actors, playlists), questions, data))


class Searching:
    """Both searches over one pool of readers."""

    def __init__(self, pool: db.Pool, own: db.Pool) -> None:
        self._pool = pool
        self._own = own
        self._seconds = 0.0

    async def rows(self, sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """One statement, timed."""
        began = perf_counter()
        rows = await self._pool.fetch(sql, *arguments)
        self._seconds += perf_counter() - began
        return rows

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: object) -> Sequence[asyncpg.Record]:
        """The same, of one key."""
        return await self.rows(sql, *([part] for part in key), *rest)

    async def views_of(self, sql: str, keys: Sequence[tuple[object, ...]], *rest: object) -> Sequence[str | None]:
        """The same, of each key alone."""
        return [row["item"] for key in keys for row in await self.rows_of(sql, key, *rest)]

    async def ours(self, text: str) -> tuple[list[str], float]:
        """The first titles, and the seconds in the database."""
        self._seconds = 0.0
        answer: Any = orjson.loads(await queries.search_tracks(Call({"q": text, "limit": FIRST}, self)))
        return [track["title"] for track in answer["tracks"]], self._seconds

    async def plain(self, text: str) -> tuple[list[str], float]:
        """The same by trigrams."""
        began = perf_counter()
        rows = await self._own.fetch(SQL["by_trigrams"], text, FIRST)
        return [row["title"] for row in rows], perf_counter() - began


@asynccontextmanager
async def searching(opened: Store) -> AsyncGenerator[Searching]:
    """Both searches of a library."""
    url = opened.settings.database_url
    assert url is not None
    readers = await db.reader_pool(
        url.get_secret_value(), size=1, connect_timeout=30, statement_timeout=STATEMENT_SECONDS
    )
    async with readers:
        yield Searching(readers, opened.pool)


def mistyped(rng: Random, text: str, edits: int) -> str:
    """The text with so many mistakes: a letter too much, too few, another one, or two that changed places."""
    for _ in range(edits):
        place = rng.randrange(1, len(text) - 1)
        before, one, after = text[:place], text[place], text[place + 1 :]
        text = rng.choice(
            (before + after, before + rng.choice(LETTERS) + one + after, before + rng.choice(LETTERS) + after,
             before + after[0] + one + after[1:])
        )  # fmt: skip
    return text


def _kinds(rng: Random) -> dict[str, Callable[[str], str]]:
    return {
        "exact": str,
        "prefix": lambda title: title[: max(3, len(title) * 2 // 3)],
        "typo": lambda title: mistyped(rng, title, rng.choice((1, 1, 2))),
        "twoWords": lambda title: " ".join(reversed(title.split()[:2])),
        "common": lambda _: rng.choice(COMMON[5:]),
        "noHit": lambda _: "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=9)),
    }


async def _run(sizes: Sizes, questions: int, folder: Path | None) -> Figures:
    async with library.loaded(sizes, folder) as opened, searching(opened) as both:
        titles = [row["title"] for row in await opened.pool.fetch(SQL["some_titles"], questions)]
        words = await opened.pool.fetchval(SQL["word_count"])
        ours: dict[str, list[float]] = {}
        plain: dict[str, list[float]] = {}
        found = [0, 0]
        for kind, question in _kinds(Random(SEED)).items():
            for title in titles:
                text = question(title)
                our_titles, our_seconds = await both.ours(text)
                plain_titles, plain_seconds = await both.plain(text)
                ours.setdefault(kind, []).append(our_seconds)
                plain.setdefault(kind, []).append(plain_seconds)
                if kind == "typo":
                    found[0] += title in our_titles
                    found[1] += title in plain_titles
    our_figures, plain_figures = milliseconds([*chain(*ours.values())]), milliseconds([*chain(*plain.values())])
    return {
        "tracks": sizes.tracks,
        "actors": sizes.actors,
        "playlists": sizes.playlists,
        "words": words,
        "milliseconds": {"all": our_figures, **{kind: milliseconds(each) for kind, each in ours.items()}},
        "typoRecallAt10": round(found[0] / len(titles), 3),
        "baseline": {
            "milliseconds": {"all": plain_figures, **{kind: milliseconds(each) for kind, each in plain.items()}},
            "typoRecallAt10": round(found[1] / len(titles), 3),
        },
        "ratioAtP50": ratio(plain_figures["p50"], our_figures["p50"]),
    }
