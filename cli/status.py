"""`plyr-appview status`: how far the indexer is, from what stands in the database."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from cli.options import with_settings
from cli.process import run_once
from cli.tables import json_line, table
from runtime import db
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(status))


def status(
    settings: Settings, *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts")] = False
) -> None:
    """Say how far sources have been read, how repos stand, what waits, what was set aside and what was missed."""
    found = run_once("status", settings, lambda dsn: _read(dsn, settings.db_connect_timeout))
    if as_json:
        typer.echo(json_line(found))
        return
    console = Console()
    for part in _tables(found):
        console.print(part)
        console.print()


async def _read(dsn: str, connect_timeout: float) -> dict[str, Any]:
    from indexer.repair import is_indexed  # noqa: PLC0415 - `--help` need not wait for it

    connection = await db.connect(dsn, connect_timeout=connect_timeout)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            indexed = await is_indexed(connection)
            parts = {name: [dict(row) for row in await connection.fetch(SQL[name])] for name in SQL}
    finally:
        await connection.close()
    return {"indexer": indexed, **parts, "queue": parts["queue"][0]}


def _tables(found: dict[str, Any]) -> list[RenderableType]:
    sources = [
        (each["source"], each["kind"], str(each["seq"]), each["event_time"], _seconds(each["lag"]))
        for each in found["sources"]
    ]
    queue = found["queue"]
    repos = [(each["state"], each["repos"]) for each in found["repos"]]
    waits = [
        ("repos to be fetched now", queue["due"]),
        ("repos to be fetched later", queue["later"]),
        ("identities to be resolved", queue["identities"]),
        ("events that wait for either", queue["events"]),
    ]
    letters = [(each["reason"], each["records"], each["last"]) for each in found["letters"]]
    gaps = [(each["source"], each["reason"], each["noted_at"]) for each in found["gaps"]]
    indexer = "the indexer is at work" if found["indexer"] else "no indexer is at work on this database"
    return [
        indexer,
        table(("source", "kind", "seq", "last event", "lag"), sources, "Sources"),
        table(("state", "repos"), repos, "Repos"),
        table(("what", "number"), waits, "Waiting"),
        table(("reason", "records", "last"), letters, "Set aside") if letters else "nothing is set aside",
        table(("source", "reason", "since"), gaps, "Gaps to be closed") if gaps else "no gap is open",
    ]


def _seconds(lag: float | None) -> str:
    return "" if lag is None else f"{lag:,.1f} s"
