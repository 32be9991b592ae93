"""`plyr-appview repos`: which repos there are, how they stand, and what went wrong last."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from cli.options import with_settings
from cli.process import run_once
from cli.tables import json_line, table
from runtime import db
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
STATES = ("pending", "syncing", "synced", "desynchronized", "error", "inactive")
COLUMNS = ("did", "handle", "state", "rev", "pds", "attempts", "next_attempt_at", "last_error")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(repos))


def repos(
    settings: Settings,
    *,
    state: Annotated[str | None, typer.Option(help=f"Only those that are {', '.join(STATES)}")] = None,
    number: Annotated[int, typer.Option("--number", metavar="N", help="At most so many", min=1, max=100_000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each, for scripts")] = False,
) -> None:
    """List repos, those with errors first."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{state!r} is no state of a repo: {', '.join(STATES)}")
    found = run_once("repos", settings, lambda dsn: _read(dsn, settings.db_connect_timeout, state, number))
    total = found[0].pop("total") if found else 0
    if as_json:
        for row in found:
            row.pop("total", None)
            typer.echo(json_line(row))
        return
    console = Console()
    console.print(table(COLUMNS, ([row[name] for name in COLUMNS] for row in found)))
    if total > len(found):
        console.print(f"... and {total - len(found):,} more")


async def _read(dsn: str, connect_timeout: float, state: str | None, number: int) -> list[dict[str, Any]]:
    connection = await db.connect(dsn, connect_timeout=connect_timeout)
    try:
        return [dict(row) for row in await connection.fetch(SQL["repos"], state, number)]
    finally:
        await connection.close()
