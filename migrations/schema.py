"""schema.sql: what the migrations make, as one dump, for people to read. A test keeps it fresh."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

from runtime.postgres import binaries

SCHEMA = Path(__file__).with_name("schema.sql")
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog.*|\\.*|)\n", re.MULTILINE)


async def dump_schema(dsn: str) -> str:
    """The statements that make the schema of the database at `dsn`, without owners, comments and settings."""
    folder = await asyncio.to_thread(binaries)

    def run() -> str:
        command = [str(folder / "pg_dump"), "--schema-only", "--no-owner", "--no-comments", dsn]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own

    return _NOISE.sub("", await asyncio.to_thread(run))


async def write_schema(dsn: str) -> None:
    """Write schema.sql."""
    text = await dump_schema(dsn)
    await asyncio.to_thread(SCHEMA.write_text, text, encoding="utf-8")
