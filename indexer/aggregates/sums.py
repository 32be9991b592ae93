"""What all sums have in common: how they reach the database, and the slots of those of everything."""

from __future__ import annotations

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

# Writers of different accounts mostly add to different rows.
SLOTS = 16

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
