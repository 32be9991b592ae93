"""What has changed in the database, as its commits tell it: the tables that were touched, of those that answers show.

Triggers name the table (see `migrations`), and Postgres tells whoever listens, of each table once, when the commit can
be read. A change is numbered; what was read before it and shows that table may be old. Which tables a statement shows
is told by the names of the views in its text and the database's own catalog, so that nobody has to declare it, and a
view of a table that does not tell of its changes is known as such.

While nobody is heard (`hears` is False: the server is away, or a standby, which tells nothing) nothing is known, and
all that was read before is old. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import asyncpg

from runtime import db
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

CHANNEL: Final = "plyr_shown"
LISTENER: Final = "plyr-appview listener"
HEARTBEAT: Final = 1.0  # seconds between two signs of life, and until one is missed
PAUSE: Final = 1.0  # seconds before another attempt

_VIEW: Final = re.compile(r"\bvisible_[a-z_]+")
_DEAF: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class Shown:
    """A set of tables; `changed` is the number of the last change to any of them."""

    __slots__ = ("changed",)

    def __init__(self, changed: int) -> None:
        self.changed = changed


class Changes:
    """Listens. `number` is that of the last change of anything."""

    def __init__(self, dsn: str, *, connect_timeout: float, statement_timeout: float) -> None:
        self._dsn = dsn
        self._connect_timeout = connect_timeout
        self._statement_timeout = statement_timeout
        self.hears = False
        self.number = 0
        self._everything_at = 0  # when all tables changed for the last time
        self._told_why = False
        self._views: Mapping[str, frozenset[str] | None] = {}
        self._changed: dict[str, int] = {}
        self._by_statements: dict[frozenset[str], Shown | None] = {}
        self._by_table: defaultdict[str, list[Shown]] = defaultdict(list)

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except _DEAF as fault:
                level = logging.DEBUG if self._told_why else logging.WARNING
                log.log(level, "changes are not heard, no answer is held: %s", fault)
                self._told_why = True
            finally:
                self._forget()
            await asyncio.sleep(PAUSE)

    def shown_by(self, statements: frozenset[str]) -> Shown | None:
        """The tables that these statements show; None where the changes of one of them are not told."""
        if statements not in self._by_statements:
            self._by_statements[statements] = self._shown(statements)
        return self._by_statements[statements]

    def _shown(self, statements: frozenset[str]) -> Shown | None:
        tables: set[str] = set()
        for view in {view for text in statements for view in _VIEW.findall(text)}:
            read = self._views.get(view)
            if read is None:
                return None
            tables |= read
        shown = Shown(max(self._everything_at, *(self._changed.get(table, 0) for table in tables), 0))
        for table in tables:
            self._by_table[table].append(shown)
        return shown

    async def _listen(self) -> None:
        connection = await db.reader_session(
            self._dsn,
            connect_timeout=self._connect_timeout,
            statement_timeout=self._statement_timeout,
            name=LISTENER,
        )
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(CHANNEL, self._told)
            rows = await connection.fetch(SQL["read_by_views"])
            self._views = {row["view"]: frozenset(row["tables"]) if row["told"] else None for row in rows}
            self._everything()  # what was begun to be read while nobody was heard
            self.hears, self._told_why = True, False
            while not ended.is_set():
                await pause(ended, HEARTBEAT)
                await connection.fetchval(SQL["answer_me"], timeout=HEARTBEAT)
        finally:
            connection.terminate()

    def _told(self, _connection: object, _pid: int, _channel: str, table: object) -> None:
        """A table has changed; an empty name means all of them."""
        if not table:
            self._everything()
            return
        self.number += 1
        name = str(table)
        self._changed[name] = self.number
        for shown in self._by_table.get(name, ()):
            shown.changed = self.number

    def _everything(self) -> None:
        self.number += 1
        self._everything_at = self.number
        for shown in self._by_statements.values():
            if shown:
                shown.changed = self.number

    def _forget(self) -> None:
        """Nothing that was read until now can be known to hold."""
        self.hears = False
        self._everything()
        self._changed.clear()
        self._by_statements.clear()
        self._by_table.clear()
