"""Where events may have been missed between a source and us, and how that is kept until it is healed.

A gap is a row of `stream_gap`, and compare.py heals it. What tells of one: the source says that our cursor is too old
or in the future (firehose.py); we were away for longer than it keeps; what it sends first is not what follows the
cursor; another source was read before. A gap that is none costs a comparison, one that is overlooked costs records:
when in doubt it is noted. The judgements are pure. sync.md section 6.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from indexer import metrics
from indexer.frames import parse_time
from indexer.inbox import Position
from runtime.db import Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GapLimits:
    """How long a source keeps its events, and how far in time its first one may be from the cursor's."""

    retention: timedelta
    jump: timedelta


class Gaps:
    """Notes gaps; each is in the database before anything that comes after it is read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(self, source: str, reason: str) -> None:
        """Every repo is to be compared with its host. One that is noted again before it is healed is one gap."""
        metrics.GAPS.labels(reason).inc()
        log.error("%s: events may have been missed (%s)", source, reason)
        await self._pool.execute(SQL["note"], source, reason)

    async def keep_open(self, source: str, reason: str) -> None:
        """As `note`, but what is compared since the gap was noted counts: nothing was read meanwhile."""
        metrics.GAPS.labels(reason).inc()
        await self._pool.execute(SQL["keep_open"], source, reason)

    async def changed_from_another(self, source: str) -> bool:
        """Whether another source than this one was subscribed to last."""
        last = await self._pool.fetchval(SQL["last_source"])
        return last is not None and last != source


def while_away(known_until: datetime, now: datetime, limits: GapLimits) -> str | None:
    """The reason for a gap when a source is asked to go on where it was left; None when it keeps what follows."""
    return "downtime" if now - known_until > limits.retention else None


def at_first_frame(last: Position, first: Position, limits: GapLimits) -> str | None:
    """The reason for a gap between the cursor and what is sent first; None when the one follows the other.

    A number that is the next one follows, whenever it came: a small host may have nothing to say for days.
    """
    before, after = parse_time(last.time), parse_time(first.time)
    if before is None or after is None or first.seq == last.seq + 1:
        return None
    if first.seq == last.seq:
        return None if after == before else "seq_reused"
    if after - before > limits.jump:
        return "time_jump"
    return "time_backwards" if before - after > limits.jump else None
