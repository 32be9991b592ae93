"""`plyr-appview settings`: what is in force, secrets masked."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.options import with_settings
from runtime import db
from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="settings")(with_settings(show))


def show(
    settings: Settings, *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts")] = False
) -> None:
    """Print every setting, its value in force and what it means."""
    rows = settings.rows()
    role = asyncio.run(_reader_role(settings))
    if as_json:
        typer.echo(orjson.dumps({name: value for name, value, _ in rows} | {"reader_role": role}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "meaning"):
        table.add_column(heading, overflow="fold")
    defaults = {name: value for name, value, _ in Settings.load({}).rows()}
    for name, value, meaning in rows:
        table.add_row(name, f"[bold]{value}[/bold]" if value != defaults[name] else value, meaning)
    console = Console()
    console.print(table)
    console.print(f"\nthe read side: {role}")


async def _reader_role(settings: Settings) -> str:
    """How the read side is kept from writing, on the server that the settings name."""
    if settings.database_url is None:
        return "a database role that cannot write (embedded server)"
    try:
        connection = await db.connect(
            settings.database_url.get_secret_value(), connect_timeout=settings.db_connect_timeout
        )
    except db.DatabaseUnreachable as fault:
        return f"unknown: {fault}"
    try:
        if await db.has_reader_role(connection):
            return "a database role that cannot write"
        return "read-only sessions (the database user may not create roles)"
    finally:
        await connection.close()
