"""What a play and a track take on disk: their raw records, their rows, and every index.

Three databases are loaded by the indexer's writer and vacuumed: one with the accounts alone, one with their plays, one
with their tracks. A figure is the difference of two databases' sizes, divided by how many there are; the fixed size of
empty tables is in neither.
"""

import asyncio
from typing import Annotated

import typer

from benchmarks import catalogue
from benchmarks.catalogue import Sizes
from benchmarks.report import Figures
from runtime.sql import Queries

SQL = Queries.beside(__file__)


def run(
    accounts: Annotated[int, typer.Option(min=10, help="accounts, a fifth of them artists")] = 2_000,
    plays: Annotated[int, typer.Option(min=1_000, help="plays")] = 100_000,
    tracks: Annotated[int, typer.Option(min=1_000, help="tracks")] = 30_000,
) -> Figures:
    """Bytes per play and per track."""
    nobody = asyncio.run(_size(Sizes(accounts, 0, 0, 0, 0)))
    with_plays = asyncio.run(_size(Sizes(accounts, 0, plays, 0, 0)))
    with_tracks = asyncio.run(_size(Sizes(accounts, tracks, 0, 0, 0)))
    return {
        "accounts": accounts,
        "plays": plays,
        "tracks": tracks,
        "bytesPerPlay": round((with_plays - nobody) / plays),
        "bytesPerTrack": round((with_tracks - nobody) / tracks),
    }


async def _size(sizes: Sizes) -> int:
    async with catalogue.loaded(sizes, None) as loaded:
        return await loaded.store.pool.fetchval(SQL["database_size"])
