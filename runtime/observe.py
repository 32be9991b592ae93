"""Logs and metrics of a process.

Metrics are prometheus-client's, in its multiprocess mode: each process writes its figures into files under
`DATA_DIR/metrics`, and whoever serves `/metrics` adds them up. `PROMETHEUS_MULTIPROC_DIR` must stand in the environment
before prometheus-client is first imported, so `share_metrics` is the first thing that a command does.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Literal

import orjson

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
QUIET_LIBRARIES = ("aiohttp.access", "asyncio")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of this record."""
        line: dict[str, str] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def configure_logging(log_format: Literal["text", "json"], level: str, part: str) -> None:
    """Send this process's log to standard error, each line marked with the part that it comes from."""
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(f"%(asctime)s {part:8} %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def metrics_dir(data_dir: Path) -> Path:
    """Where the processes on this data folder leave their figures."""
    return data_dir.absolute() / "metrics"


def share_metrics(data_dir: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Make this process, and those that it starts, leave their figures under the data folder.

    Raises RuntimeError when prometheus-client was imported before: it would keep its figures to itself.
    """
    if "prometheus_client" in sys.modules and MULTIPROCESS_VARIABLE not in environ:
        raise RuntimeError("prometheus_client was imported before share_metrics")
    folder = metrics_dir(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    environ[MULTIPROCESS_VARIABLE] = str(folder)


def forget_metrics(data_dir: Path) -> None:
    """Start from zero: what processes of an earlier start left is no figure of this one."""
    shutil.rmtree(metrics_dir(data_dir), ignore_errors=True)


def forget_process(pid: int) -> None:
    """A process has ended: its gauges no longer hold, its counts do."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - see share_metrics

    multiprocess.mark_process_dead(pid)  # pyright: ignore[reportUnknownMemberType]


def exposition(data_dir: Path) -> bytes:
    """All figures of all processes, in Prometheus' text format."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - see share_metrics

    return generate_latest(_registry(data_dir))


class Figures:
    """All figures of all processes at one moment."""

    def __init__(self, data_dir: Path) -> None:
        self._samples = [
            (sample.name, sample.labels, sample.value)
            for family in _registry(data_dir).collect()
            for sample in family.samples
        ]

    def sum(self, name: str, **labels: str) -> float:
        """The sum of a sample (`plyr_indexer_frames_total`) over processes and over the labels that are not given."""
        return sum(
            value
            for sample, its_labels, value in self._samples
            if sample == name and labels.items() <= its_labels.items()
        )


def _registry(data_dir: Path):  # noqa: ANN202 - the type can't be named before share_metrics
    from prometheus_client import CollectorRegistry, multiprocess  # noqa: PLC0415 - see share_metrics

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(metrics_dir(data_dir)))  # pyright: ignore[reportUnknownMemberType]
    return registry
