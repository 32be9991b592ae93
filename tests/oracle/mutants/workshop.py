"""A copy of the tree, a mistake put into it, and the tests that must find it. Never touches the tree itself."""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
PACKAGES: Final = ("protocol", "runtime", "lexicons", "migrations", "indexer", "appview", "simulator", "tests")
COPIED: Final = (*PACKAGES, "pyproject.toml")
SECONDS: Final = 300.0  # of the tests of one mutant


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake: the one place in `file` that reads `right` reads `wrong`. `tests`: what pytest is given to find it."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killed`: a test failed, which is what is hoped for. `output`: the end of what pytest wrote."""

    killed: bool
    output: str


def make_copy(folder: Path) -> Path:
    """A copy of all that the tests need; gives its root."""
    root = folder / "tree"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
        else:
            root.mkdir(exist_ok=True)
            shutil.copy2(source, root / name)
    return root


async def try_mutant(root: Path, mutant: Mutant) -> Verdict:
    """Put the mistake into the copy, let its tests run, and take it out again."""
    path = root / mutant.file
    right = path.read_text(encoding="utf-8")
    assert right.count(mutant.right) == 1, f"{mutant.name}: not exactly one such place in {mutant.file}"
    path.write_text(right.replace(mutant.right, mutant.wrong), encoding="utf-8")
    try:
        return await run_tests(root, mutant.tests)
    finally:
        path.write_text(right, encoding="utf-8")


async def run_tests(root: Path, tests: tuple[str, ...], seconds: float = SECONDS) -> Verdict:
    """Whether any of the tests fails in the copy, or does not end in time; one failure is enough."""
    options = ("-x", "-q", "--tb=line", "-p", "no:cacheprovider", "--hypothesis-profile", "unshrunk")
    arguments = ("-m", "pytest", *options, *tests)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Verdict(killed=True, output=f"still running after {seconds:.0f} s")
    text = output.decode(errors="replace")
    assert process.returncode in (0, 1), text
    return Verdict(process.returncode == 1, text[-2_000:])
