"""Which of the events that wait are reports of their accounts, for all queries that ask.

They stay where the others are forgotten: those come with the repo, and of an account that is gone none may ever come.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runtime.sql import Fragments

# Reports are smaller than this. One that is not could fill the disk, as all else that a host sends.
LARGEST: Final = 1_000

FRAGMENTS: Final = Fragments((Path(__file__).with_suffix(".sql"),))
