"""The `plyr-appview` command: one module per subcommand. With `__main__` files, alone in reading the environment.

Heavy imports stand inside of the commands, so that `--help` answers at once and metrics are shared before
prometheus-client is imported (see runtime.observe).
"""

from __future__ import annotations

import sys

import typer

from cli import deadletters, demo, index, migrate, reindex, repos, serve, settings, status, track, up, verify
from indexer.instance import NamespaceMixed
from migrations import MigrationError
from runtime.db import DatabaseUnreachable
from runtime.listening import AddressUnusable
from runtime.postgres import EmbeddedPostgresError
from runtime.settings import SettingsInvalid

EXPECTED = (
    SettingsInvalid,
    EmbeddedPostgresError,
    DatabaseUnreachable,
    AddressUnusable,
    MigrationError,
    NamespaceMixed,
)

app = typer.Typer(
    name="plyr-appview",
    help="Makes music on the AT Protocol readable by everybody: an indexer and a read-only XRPC AppView.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (up, demo, index, serve, migrate, reindex, verify, track, status, repos, deadletters, settings):
    command.register(app)


def main() -> None:
    """Run the command line; what an operator can mend is said in one line, without a traceback."""
    try:
        app()
    except EXPECTED as fault:
        sys.stderr.write(f"plyr-appview: {fault}\n")
        sys.exit(2)
