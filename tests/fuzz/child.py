"""One target under libFuzzer until something gives or time ends: `python -m tests.fuzz.child TARGET OPTION... DIR...`

The modules under test are instrumented when they are first imported: so they are imported here, and nowhere before.
"""

from __future__ import annotations

import sys
from random import Random

import atheris

INSTRUMENTED = ["protocol", "lexicons", "indexer", "appview"]


def main() -> None:
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.mutating import mutated  # noqa: PLC0415 - see above
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415

    target = TARGETS[sys.argv.pop(1)]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = Random(seed)
        changed = mutated(data, target.form, rng) if target.form and rng.random() < 0.7 else None
        return atheris.Mutate(data, max_size) if changed is None or len(changed) > max_size else changed

    atheris.Setup(sys.argv, target.feed, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
