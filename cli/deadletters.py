"""`plyr-appview deadletters`: what was set aside, to be seen, tried again, or let go."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.options import with_settings
from cli.process import run_once
from cli.tables import json_line, table
from runtime import db
from runtime.settings import Settings

if TYPE_CHECKING:
    from indexer.deadletters import Which

REASONS = ("reason", "records", "first", "last")
LETTERS = ("did", "path", "reason", "detail", "bytes", "created_at")
MEANINGS = {
    "applied": "read and projected now",
    "fetched": "to be fetched with their repos",
    "settled": "replaced or gone since",
    "kept": "as before",
}


class Action(StrEnum):
    """What is done with the letters."""

    LIST = "list"
    RETRY = "retry"
    FORGET = "forget"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(deadletters))


def deadletters(  # noqa: PLR0913 - its options
    settings: Settings,
    *,
    action: Annotated[Action, typer.Argument(help="See them, try them again, or let them go")] = Action.LIST,
    reason: Annotated[str | None, typer.Option(help="Only those of this reason", show_default=False)] = None,
    did: Annotated[str | None, typer.Option(help="Only those of this account", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Let all of them go")] = False,
    number: Annotated[int, typer.Option("--number", metavar="N", help="List at most so many", min=0, max=10_000)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for scripts")] = False,
) -> None:
    """List the records that could not be read, stored or projected; try them again; or let them go."""
    from indexer.deadletters import Which  # noqa: PLC0415 - `--help` need not wait for it

    which = Which(reason, did)
    if action is Action.FORGET and which == Which(None, None) and not everything:
        raise typer.BadParameter("say which: --reason, --did, or --all")
    match action:
        case Action.LIST:
            _say_list(run_once("deadletters", settings, lambda dsn: _list(settings, dsn, which, number)), as_json)
        case Action.RETRY:
            _say_retried(run_once("deadletters", settings, lambda dsn: _retry(settings, dsn, which)), as_json)
        case Action.FORGET:
            gone = run_once("deadletters", settings, lambda dsn: _forget(settings, dsn, which))
            typer.echo(json_line({"forgotten": gone}) if as_json else f"{gone:,} records were let go")


async def _list(settings: Settings, dsn: str, which: Which, number: int) -> dict[str, list[dict[str, Any]]]:
    from indexer.deadletters import by_reason, newest  # noqa: PLC0415

    connection = await db.connect(dsn, connect_timeout=settings.db_connect_timeout)
    try:
        reasons, letters = await by_reason(connection, which), await newest(connection, which, number)
    finally:
        await connection.close()
    return {"reasons": [dict(row) for row in reasons], "letters": [dict(row) for row in letters]}


async def _retry(settings: Settings, dsn: str, which: Which) -> dict[str, int]:
    from indexer.instance import claim  # noqa: PLC0415
    from indexer.reading import RecordReader  # noqa: PLC0415
    from indexer.retrying import OUTCOMES, Retrier  # noqa: PLC0415

    pool = await db.writer_pool(
        dsn, size=1, connect_timeout=settings.db_connect_timeout, name="plyr-appview deadletters"
    )
    try:
        async with pool.acquire() as connection:
            await claim(connection, settings.namespace)
        reader = RecordReader(settings.collections, settings.namespace)
        outcomes = await Retrier(pool, reader, settings.record_max_bytes).run(which)
    finally:
        await pool.close()
    return {outcome: outcomes[outcome] for outcome in OUTCOMES}


async def _forget(settings: Settings, dsn: str, which: Which) -> int:
    from indexer.deadletters import forget  # noqa: PLC0415

    connection = await db.connect(dsn, connect_timeout=settings.db_connect_timeout)
    try:
        return await forget(connection, which)
    finally:
        await connection.close()


def _say_list(found: dict[str, list[dict[str, Any]]], as_json: bool) -> None:
    if as_json:
        typer.echo(json_line(found))
        return
    if not found["reasons"]:
        typer.echo("nothing is set aside")
        return
    console = Console()
    console.print(table(REASONS, _cells(found["reasons"], REASONS)))
    if found["letters"]:
        console.print(table(LETTERS, _cells(found["letters"], LETTERS), title="\nthe newest"))


def _cells(rows: list[dict[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    return [[row[name] for name in columns] for row in rows]


def _say_retried(outcomes: dict[str, int], as_json: bool) -> None:
    if as_json:
        typer.echo(json_line(outcomes))
        return
    told = [f"{count:,} {MEANINGS[outcome]}" for outcome, count in outcomes.items() if count]
    typer.echo(", ".join(told) or "nothing is set aside")
