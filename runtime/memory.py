"""How much memory there is to use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def total(limits: tuple[Path, ...] = LIMITS) -> int:
    """Bytes: the machine's, or fewer when its container has a limit (cgroups, second and first version)."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *filter(None, map(_limit, limits))])


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # there is no such file, or it says "max"
        return None
