"""When Python looks for garbage that refers to itself. Nearly all of ours goes by itself, so it need not look often."""

from __future__ import annotations

import gc
from typing import Final

# New objects between two looks; by default 700, while a batch holds tens of thousands.
NEW_OBJECTS: Final = 10_000


def look_seldom() -> None:
    """From now on; at what is there already, modules and classes above all, never again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
