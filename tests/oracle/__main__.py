"""Replays seeds of the oracle: `python -m tests.oracle SEED...`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest


class Chosen:
    """Gives the seeds of the command line to the test."""

    def __init__(self, seeds: list[int]) -> None:
        self._seeds = seeds

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "chosen_seed" in metafunc.fixturenames:
            metafunc.parametrize("chosen_seed", self._seeds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description="Replay seeds of the oracle.")
    parser.add_argument("seeds", metavar="SEED", type=int, nargs="+")
    seeds = parser.parse_args().seeds
    return pytest.main(["-s", "--tb=short", str(Path(__file__).with_name("replay.py"))], plugins=[Chosen(seeds)])


if __name__ == "__main__":
    sys.exit(main())
