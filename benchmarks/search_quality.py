"""Whether people find what they mean: pairs of what is typed and the title that must be found (`search_pairs.json`).

The tracks of the pairs stand among a crowd of invented names. The rank of the title meant is that of
`fm.plyr.search.searchTracks`, and beside it that of plain trigram similarity over the same titles, which in a database
of locale C knows no letters but ASCII's. MRR is the mean of one over the rank, nothing where it is not among the first
ten.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from benchmarks import library
from benchmarks.library import Sizes
from benchmarks.report import Figures
from benchmarks.search import searching

PAIRS: Final = Path(__file__).with_name("search_pairs.json")


def run(
    crowd: Annotated[int, typer.Option(min=0, help="tracks beside those that are meant")] = 20_000,
    misses: Annotated[bool, typer.Option(help="name what is typed in vain")] = False,
    data: Annotated[Path | None, typer.Option(help="a folder to keep the library in")] = None,
) -> Figures:
    """MRR and recall@10 over the pairs, ours and by trigram similarity."""
    return asyncio.run(_run(crowd, data, misses=misses))


async def _run(crowd: int, folder: Path | None, *, misses: bool) -> Figures:
    held = orjson.loads(PAIRS.read_bytes())
    meant = [(track["title"], track["artist"]) for track in held["tracks"]]
    ours: list[float] = []
    plain: list[float] = []
    vain: list[str] = []
    ascii_only = [text.isascii() and title.isascii() for text, title in held["pairs"]]
    sizes = Sizes(crowd, max(1, crowd // 10), crowd // 10)
    async with library.loaded(sizes, folder, meant) as opened, searching(opened) as both:
        for text, title in held["pairs"]:
            ours.append(_reciprocal((await both.ours(text))[0], title))
            plain.append(_reciprocal((await both.plain(text))[0], title))
            vain += [] if ours[-1] else [text]
    return {
        "pairs": len(ours),
        "crowd": crowd,
        **_figures(ours),
        "asciiAlone": {**_figures(_chosen(ours, ascii_only)), "baseline": _figures(_chosen(plain, ascii_only))},
        "baseline": _figures(plain),
        **({"missed": vain} if misses else {}),
    }


def _reciprocal(titles: Sequence[str], title: str) -> float:
    return 1 / (titles.index(title) + 1) if title in titles else 0.0


def _chosen(ranks: Sequence[float], chosen: Sequence[bool]) -> list[float]:
    return [rank for rank, takes_part in zip(ranks, chosen, strict=True) if takes_part]


def _figures(ranks: Sequence[float]) -> dict[str, float]:
    return {
        "mrr": round(sum(ranks) / len(ranks), 4),
        "recallAt10": round(sum(rank > 0 for rank in ranks) / len(ranks), 4),
    }
