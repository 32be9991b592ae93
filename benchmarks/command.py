"""`python -m benchmarks NAME [options]`: runs one benchmark and prints its report as the last line; `all` runs all.

The registry below is all there is to adding one: a module whose `run` takes its sizes as keyword options with
defaults that end within two minutes, and returns its figures.
"""

from collections.abc import Callable
from functools import wraps

import typer

from benchmarks import (
    api,
    backfill,
    charts,
    day,
    disk,
    everything,
    firehose,
    freshness,
    ingest,
    memory,
    search,
    search_quality,
    verify,
)
from benchmarks.report import Figures, emit
from runtime.garbage import look_seldom

BENCHMARKS: dict[str, Callable[..., Figures]] = {
    "firehose": firehose.run,
    "verify": verify.run,
    "ingest": ingest.run,
    "backfill": backfill.run,
    "memory": memory.run,
    "disk": disk.run,
    "api": api.run,
    "charts": charts.run,
    "freshness": freshness.run,
    "search": search.run,
    "search-quality": search_quality.run,
    "day": day.run,
}


def _command(name: str, run: Callable[..., Figures]) -> Callable[..., None]:
    @wraps(run)
    def command(**options: object) -> None:
        emit(name, run(**options))

    return command


def _everything() -> None:
    """Every benchmark with its defaults; writes RESULTS.md."""
    raise typer.Exit(everything.run(BENCHMARKS))


def main() -> None:
    """Runs the benchmark that the command line names."""
    look_seldom()  # as all of our processes do
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Benchmarks; each ends with one line of JSON.",
    )
    app.callback()(lambda: None)
    for name, run in BENCHMARKS.items():
        app.command(name)(_command(name, run))
    app.command("all")(_everything)
    app()
