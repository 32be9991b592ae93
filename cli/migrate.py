"""`plyr-appview migrate`: bring the database to this version."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console

import migrations
from cli.options import with_settings
from runtime import db, observe
from runtime.postgres import database
from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(migrate))


def migrate(settings: Settings) -> None:
    """Apply the migrations that the database lacks; the indexer and `up` do it too."""
    observe.configure_logging(settings.log_format, settings.log_level, "migrate")
    names = asyncio.run(_migrate(settings))
    console = Console()
    for name in names:
        console.print(f"applied {name}")
    if not names:
        console.print("the database is at this version already")


async def _migrate(settings: Settings) -> list[str]:
    async with database(settings) as dsn:
        return await apply_migrations(dsn, settings.db_connect_timeout)


async def apply_migrations(dsn: str, connect_timeout: float) -> list[str]:
    """The names of the migrations that were applied now."""
    connection = await db.connect(dsn, connect_timeout=connect_timeout)
    try:
        return await migrations.apply(connection)
    finally:
        await connection.close()


async def check_migrations(dsn: str, connect_timeout: float) -> None:
    """Raise MigrationError unless the database is at this version."""
    connection = await db.connect(dsn, connect_timeout=connect_timeout)
    try:
        await migrations.check(connection)
    finally:
        await connection.close()
