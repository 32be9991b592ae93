"""The last line of every benchmark: one JSON object with its figures and the machine that made them.

Also percentiles and rates, computed alike everywhere. Prints to standard output; no concurrency.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import orjson
import psutil

from runtime import memory

Figures = Mapping[str, object]


def emit(benchmark: str, figures: Figures) -> None:
    """Prints the report of `benchmark` as one line of JSON: {benchmark, at, machine, figures}."""
    report = {
        "benchmark": benchmark,
        "at": datetime.now(UTC).replace(microsecond=0),
        "machine": machine(),
        "figures": dict(figures),
    }
    print(orjson.dumps(report).decode(), flush=True)


def machine() -> dict[str, object]:
    """{cpu, cores, memoryGb, system, python, load}: what the figures depend on; `load` is that of the last minute."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memoryGb": round(memory.total() / 1e9, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """{p50, p90, p99, max} of at least two durations in seconds, given in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    named = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "max": max(seconds)}
    return {name: round(value * 1_000, 2) for name, value in named.items()}


def per_second(count: int, seconds: float) -> float:
    """A rate, to four digits."""
    return float(f"{count / seconds:.4g}")


def ratio(ours: float, baseline: float) -> float:
    """How many times the baseline ours is, to three digits."""
    return float(f"{ours / baseline:.3g}")


def memory_mb(pid: int | None = None) -> float:
    """What a process (this one when not named) holds in memory, in megabytes (10^6 bytes) of resident set."""
    return round(psutil.Process(pid).memory_info().rss / 1e6, 1)


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"
