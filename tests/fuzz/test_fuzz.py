"""Every target: a moment in every run of the tests, its share of ten minutes (FUZZ_SECONDS) in the long one.

What an input of the record target has reached is also stored: Postgres takes every row that a projection makes.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Final

import pytest

from indexer.projecting import project
from indexer.stages import RecordRow
from runtime.db import Connection
from tests.fuzz import seeds
from tests.fuzz.running import Verdict, fuzz
from tests.fuzz.targets import TARGETS, row

MOMENT: Final = 1
LONG_SECONDS: Final = int(os.environ.get("FUZZ_SECONDS", "600")) // len(TARGETS)
ACCOUNT: Final = "INSERT INTO account (id, did) OVERRIDING SYSTEM VALUE VALUES (1, $1)"

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="atheris is built for Linux on x86-64"
)


LENGTHS: Final = [pytest.param(MOMENT, id="moment"), pytest.param(LONG_SECONDS, id="long", marks=pytest.mark.long)]


@pytest.mark.parametrize("seconds", LENGTHS)
@pytest.mark.parametrize("target", [name for name in TARGETS if name != "record"])
def test_whatever_comes_has_an_answer_or_a_name(target: str, seconds: int, tmp_path: Path) -> None:
    fuzzed(target, seconds, tmp_path)


@pytest.mark.parametrize("seconds", LENGTHS)
async def test_whatever_a_record_holds_is_refused_by_name_or_stored(
    seconds: int, tmp_path: Path, connection: Connection
) -> None:
    rows = [made for data in fuzzed("record", seconds, tmp_path).corpus if (made := row(data)) is not None]
    assert rows
    assert [fault for made in rows for fault in await stored(connection, made)] == []


def fuzzed(target: str, seconds: int, folder: Path) -> Verdict:
    verdict = fuzz(target, TARGETS[target].seeds(), seconds, folder)
    sys.stdout.write(f"{verdict}\n")
    assert verdict.input is None, str(verdict)
    assert verdict.runs > 0
    return verdict


async def stored(connection: Connection, made: RecordRow) -> list[str]:
    """Why the database refuses the row; nothing when it does not."""
    async with connection.transaction():
        await connection.execute(ACCOUNT + " ON CONFLICT DO NOTHING", seeds.DID)
        return [f"{made.raw!r}: {refused.fault!r}" for refused in await project(connection, [made], ())]
