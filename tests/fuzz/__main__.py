"""Runs targets for as long as is asked for, or feeds one input again; see the package."""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
from pathlib import Path

from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed what a stranger may send.")
    parser.add_argument("targets", metavar="TARGET", nargs="*", help=f"of {', '.join(TARGETS)}; by default all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--replay", metavar="BASE64", help="an input that was found")
    options = parser.parse_args()
    if options.replay:
        TARGETS[options.targets[0]].feed(base64.b64decode(options.replay))
        return 0
    found = 0
    for name in options.targets or TARGETS:
        with tempfile.TemporaryDirectory(prefix="plyr-fuzz-") as folder:
            verdict = fuzz(name, TARGETS[name].seeds(), options.seconds, Path(folder))
        found += verdict.input is not None
        sys.stdout.write(f"{verdict}\n")
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(main())
