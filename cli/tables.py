"""What operators read: small tables of text that may come from strangers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.table import Table
from rich.text import Text


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """Without lines; numbers to the right."""
    found = [list(row) for row in rows]
    made = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    for index, heading in enumerate(headings):
        numbers = bool(found) and all(isinstance(row[index], int | None) for row in found)
        made.add_column(heading, overflow="fold", justify="right" if numbers else "left")
    for row in found:
        made.add_row(*(Text(plain(_shown(cell))) for cell in row))
    return made


def plain(text: str) -> str:
    """What a stranger wrote, without anything that a terminal obeys."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def json_line(value: Any) -> str:
    """One line, for scripts; times in UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def _shown(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case int():
            return f"{cell:,}"
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case _:
            return str(cell)
