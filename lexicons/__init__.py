"""The project's lexicons: what records hold, what queries take and give, as data that stands beside this file.

The lexicon of an NSID is the file of the same path: `fm.plyr.track` is `fm/plyr/track.json`. `load` reads them all;
the catalog it gives validates records, the parameters of queries and their answers. It holds no rule of its own about
what becomes of a faulty record: each projection says what it forgives. Loaded once, then safe in any thread.
Spec: https://atproto.com/specs/lexicon
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import orjson

from lexicons.catalog import Catalog, LexiconUnknown, QuerySchema, RecordSchema
from lexicons.language import LexiconInvalid, validate_lexicon
from lexicons.parameters import ParameterInvalid
from lexicons.values import RULES, Violation

__all__ = [
    "RULES",
    "Catalog",
    "LexiconInvalid",
    "LexiconUnknown",
    "ParameterInvalid",
    "QuerySchema",
    "RecordSchema",
    "Violation",
    "load",
    "validate_lexicon",
]


@cache
def load() -> Catalog:
    """Every lexicon of the package. Raises LexiconInvalid, which only a fault of ours can cause."""
    folder = Path(__file__).parent
    documents: list[dict[str, object]] = []
    for path in sorted(folder.rglob("*.json")):
        document = orjson.loads(path.read_bytes())
        nsid = ".".join(path.relative_to(folder).with_suffix("").parts)
        if document.get("id") != nsid:
            raise LexiconInvalid(f"{nsid} stands in a file, and in it the id {document.get('id')!r}")
        documents.append(document)
    return Catalog(documents)
