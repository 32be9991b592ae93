"""`plyr-appview track`: have repos indexed that neither discovery nor the stream has shown yet."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import a_did, with_settings
from cli.process import run_once
from cli.tables import json_line
from protocol.syntax import Did
from runtime import db
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Between two of an indexer's looks at what others have added, and then some: what happens to an account before that
# look is not heard, so its repo and its identity are read afterwards.
LOOKS = 2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(track))


def track(
    settings: Settings,
    *,
    dids: Annotated[list[str], typer.Argument(metavar="DID...", help="Whose repos", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts")] = False,
) -> None:
    """Have the repos of accounts indexed, whatever they hold now: they are fetched, and followed from then on."""
    named = sorted({a_did(did) for did in dids})
    new = run_once("track", settings, lambda dsn: _track(settings, dsn, named))
    known = len(named) - new
    if as_json:
        typer.echo(json_line({"new": new, "known": known}))
    else:
        typer.echo(f"{new} repos will be fetched" + (f", {known} were known already" if known else ""))


async def _track(settings: Settings, dsn: str, dids: list[Did]) -> int:
    connection = await db.connect(dsn, connect_timeout=settings.db_connect_timeout)
    try:
        return await connection.fetchval(SQL["track"], dids, LOOKS * settings.status_interval)
    finally:
        await connection.close()
