"""The names, titles and small talk of the simulated people, in the scripts that people write in (`words.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

WORDS: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
"""Lists of texts by theme; `artists` holds pairs of display name and the beginning of a handle."""
