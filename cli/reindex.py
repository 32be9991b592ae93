"""`plyr-appview reindex`: make every projection anew from the raw records, beside what serves."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console

from cli.options import with_settings
from cli.process import run_once
from cli.progress import Bar
from runtime import db
from runtime.settings import Settings

if TYPE_CHECKING:
    from indexer.reindex import Progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(reindex))


def reindex(
    settings: Settings,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object, for scripts")] = False,
) -> None:
    """Make all that follows from the raw records anew, while reading and indexing go on, then let it take over."""
    from indexer.reindex import ReindexBlocked, ReindexRunning  # noqa: PLC0415 - `--help` need not wait for it

    began = time.monotonic()
    try:
        done = run_once("reindex", settings, lambda dsn: _reindex(settings, dsn))
    except (ReindexBlocked, ReindexRunning) as fault:
        typer.echo(f"plyr-appview: {fault}", err=True)
        raise typer.Exit(2) from None
    figures = _figures(done, time.monotonic() - began)
    if as_json:
        typer.echo(orjson.dumps(figures).decode())
    else:
        _say(figures)


async def _reindex(settings: Settings, dsn: str) -> Progress:
    from indexer.instance import claim  # noqa: PLC0415
    from indexer.projections import BY_COLLECTION  # noqa: PLC0415
    from indexer.reading import RecordReader  # noqa: PLC0415
    from indexer.reindex import Patience, Reindex  # noqa: PLC0415

    pool = await db.writer_pool(dsn, size=1, connect_timeout=settings.db_connect_timeout, name="plyr-appview reindex")
    try:
        async with pool.acquire() as connection:
            await claim(connection, settings.namespace)
        reader = RecordReader({*settings.collections, *BY_COLLECTION}, settings.namespace)
        patience = Patience(settings.reindex_writer_wait, settings.reindex_reader_wait, settings.reindex_patience)
        with Bar("records") as bar:
            return await Reindex(reader, settings.reindex_chunk, patience, lambda now: _show(bar, now)).run(pool)
    finally:
        await pool.close()


def _show(bar: Bar, now: Progress) -> None:
    bar.show(now.records, now.total, f"following {now.changes:,} changes" if now.changes else "")


def _figures(done: Progress, seconds: float) -> dict[str, Any]:
    rate = round(done.records / seconds) if seconds else 0
    return asdict(done) | {"seconds": round(seconds, 3), "records_per_second": rate, "paused": round(done.paused, 4)}


def _say(figures: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{figures['records']:,} records made anew in {figures['seconds']:,.1f} s ({figures['records_per_second']:,}/s)"
    )
    console.print(f"{figures['changes']:,} changes came meanwhile; writers waited {figures['paused'] * 1000:,.0f} ms")
    if figures["revalidated"]:
        console.print(f"{figures['revalidated']:,} records are judged otherwise than before")
    if figures["not_projected"]:
        console.print(f"[bold]{figures['not_projected']:,} records can't be projected[/bold]: see the log")
