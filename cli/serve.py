"""`plyr-appview serve`: the read API alone."""

from __future__ import annotations

import typer

from cli.migrate import check_migrations
from cli.options import with_settings
from cli.process import Part, run_part
from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(serve))


def serve(settings: Settings) -> None:
    """Run the read API alone: database -> JSON."""
    run_part("serve", settings, _load, check_migrations)


def _load() -> Part:
    from appview.server import run  # noqa: PLC0415 - see runtime.observe

    return run
