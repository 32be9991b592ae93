"""`python -m benchmarks all`: each benchmark in a process of its own, one after another, and RESULTS.md from them.

One that fails is named and has no section; the exit code is the number of those that failed.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import orjson

RESULTS = Path(__file__).parent / "RESULTS.md"
INTRODUCTION = """# Results

Made by `make bench`. Each section is what one command printed; sizes and meanings stand in the module of its name.
"""


def run(names: Iterable[str]) -> int:
    """Runs the benchmarks and writes RESULTS.md; how many of them failed."""
    sections, failed = [INTRODUCTION], 0
    for name in names:
        report = _report(name)
        if report is None:
            failed += 1
        else:
            sections.append(_section(report))
    RESULTS.write_text("\n".join(sections))
    return failed


def _report(name: str) -> Mapping[str, Any] | None:
    print(f"== {name}", flush=True)
    done = subprocess.run([sys.executable, "-m", "benchmarks", name], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        print(f"{name} failed with exit code {done.returncode}", flush=True)
        return None
    line = done.stdout.splitlines()[-1]
    print(line.decode(), flush=True)
    return orjson.loads(line)


def _section(report: Mapping[str, Any]) -> str:
    machine = report["machine"]
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['memoryGb']} GB, Python {machine['python']}"
    rows = [f"| {name} | {value} |" for name, value in _flat(report["figures"])]
    return "\n".join(
        [
            f"## {report['benchmark']}",
            "",
            f"`python -m benchmarks {report['benchmark']}`, {report['at']}; {where}; load {machine['load']}.",
            "",
            "| figure | value |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested figures as one list, their names joined by dots."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(cast("Mapping[str, Any]", value), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", orjson.dumps(value).decode()
