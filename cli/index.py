"""`plyr-appview index`: the indexer alone."""

from __future__ import annotations

import typer

from cli.migrate import apply_migrations
from cli.options import with_settings
from cli.process import Part, run_part
from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(index))


def index(settings: Settings) -> None:
    """Run the indexer alone: relay -> verified -> database."""
    run_part("index", settings, _load, apply_migrations)


def _load() -> Part:
    from indexer.service import run  # noqa: PLC0415 - see runtime.observe

    return run
