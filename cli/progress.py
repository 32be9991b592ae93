"""How far a long command is: a bar on a terminal, a line now and then elsewhere. On standard error either way."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

log = logging.getLogger(__name__)

LINE_SECONDS = 10.0


class Bar:
    """`with Bar("records") as bar: bar.show(done, total)`; what is counted is called `unit`."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._progress: Progress | None = None
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(self._unit))
            self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task(self._unit, total=None)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def show(self, done: int, total: int, what: str = "") -> None:
        """So much is done of so much; `what` is under way beside it."""
        if self._progress:
            description = what or self._unit
            self._progress.update(self._task, completed=done, total=max(done, total), description=description)
            return
        now = time.monotonic()
        if now - self._said >= LINE_SECONDS:
            self._said = now
            rate = done / (now - self._began)
            left = f", {max(0, total - done) / rate:,.0f} s left" if rate else ""
            log.info("%s: %s of %s, %s/s%s", what or self._unit, f"{done:,}", f"{total:,}", f"{rate:,.0f}", left)


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} {self._unit}/s")
