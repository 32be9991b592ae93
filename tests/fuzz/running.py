"""Runs a target in a process of its own and says what came of it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
INPUT_SECONDS: Final = 20
MEMORY_MB: Final = 500
STARTING_SECONDS: Final = 120.0
LONGEST: Final = 16_000  # bytes of an input
# A process counts the memory of whoever started it as its own peak: a shell, which is small, stands between.
_APART = ("sh", "-c", '"$@"; exit $?', "sh")
_TAIL: Final = 3_000
_LINES: Final = 60
_FIGURE: Final = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`input`: what something gave at; None when nothing did. `corpus`: the inputs that reached what none had before.

    `runs`: how many inputs were fed. `memory_mb`: the most that the process held.
    """

    target: str
    input: bytes | None
    runs: int
    memory_mb: int
    corpus: tuple[bytes, ...]
    output: str

    def __str__(self) -> str:
        figures = f"{self.target:10} {self.runs:9} inputs, {len(self.corpus):5} kept, {self.memory_mb:4} MB"
        if self.input is None:
            return figures
        command = f"python -m tests.fuzz {self.target} --replay {base64.b64encode(self.input).decode()}"
        said = [line for line in self.output.splitlines() if not line.startswith(("INFO: ", "WARNING: "))]
        return "\n".join((figures, *said[-_LINES:], command))


def fuzz(target: str, seeds: Iterable[bytes], seconds: int, folder: Path) -> Verdict:
    """Let the target run for so long. `folder`: an empty one, for the inputs. Raises RuntimeError when it can't run."""
    given, found = folder / "given", folder / "found"
    given.mkdir()
    found.mkdir()
    for seed in seeds:
        (given / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
        "-verbosity=0",
    )
    done = subprocess.run(
        [*_APART, sys.executable, "-m", "tests.fuzz.child", target, *options, str(found), str(given)],
        check=False,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds + INPUT_SECONDS + STARTING_SECONDS,
    )
    output = done.stdout.decode(errors="replace")
    culprits = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    if done.returncode and not culprits:
        raise RuntimeError(output[-_TAIL:])
    figures = {name: int(number) for name, number in _FIGURE.findall(output)}
    return Verdict(
        target,
        culprits[0] if culprits else None,
        figures.get("number_of_executed_units", 0),
        figures.get("peak_rss_mb", 0),
        tuple(path.read_bytes() for path in sorted(found.iterdir())),
        output,
    )
