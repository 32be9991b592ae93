"""Which of the events that wait are reports of their accounts, for all queries that ask.

They stay where the others are forgotten: those come with the repo, and of an account that is gone none may ever come.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runtime.sql import Fragments

FRAGMENTS: Final = Fragments((Path(__file__).with_suffix(".sql"),))
