"""Lets every mutant, or those that are named, be found: `python -m tests.oracle.mutants [NAME...]`"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.oracle.mutants.catalogue import MUTANTS
from tests.oracle.mutants.workshop import make_copy, try_mutant


async def main(names: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    survivors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="plyr-mutants-") as folder:
        Path(folder).chmod(0o755)
        root = make_copy(Path(folder))
        for mutant in chosen:
            begun = time.monotonic()
            verdict = await try_mutant(root, mutant)
            if not verdict.killed:
                survivors.append(mutant.name)
            word = "killed" if verdict.killed else "SURVIVED"
            sys.stdout.write(f"{word:8} {time.monotonic() - begun:6.1f} s  {mutant.name}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - len(survivors)} of {len(chosen)} killed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
