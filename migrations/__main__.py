"""`python -m migrations DSN`: apply the migrations to any database."""

from __future__ import annotations

import asyncio
import sys

from migrations import apply
from runtime import db

CONNECT_SECONDS = 10.0


async def main(dsn: str) -> None:
    """Migrate the database at `dsn`."""
    connection = await db.connect(dsn, connect_timeout=CONNECT_SECONDS)
    try:
        names = await apply(connection)
    finally:
        await connection.close()
    sys.stdout.write("".join(f"applied {name}\n" for name in names) or "nothing to apply\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
