"""`python -m tests.migrations.write_schema`: write migrations/schema.sql afresh, from an embedded server of its own."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import migrations
from migrations.schema import write_schema
from runtime import db
from runtime.postgres import EmbeddedPostgres

CONNECT_SECONDS = 10.0


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="plyr-") as folder:
        server = EmbeddedPostgres.own(Path(folder))
        await server.start()
        try:
            connection = await db.connect(server.dsn, connect_timeout=CONNECT_SECONDS)
            await migrations.apply(connection)
            await connection.close()
            await write_schema(server.dsn)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
