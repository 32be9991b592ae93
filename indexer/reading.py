"""The bytes of a record -> what they hold, and whether any view may show it. Pure.

Validity is a function of the record, its lexicon and what its projection tolerates: whoever asks again, after any of
these has changed, gets the new answer. records.md, "What every collection has in common".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast

import lexicons
from indexer import projections
from indexer.namespaces import wire_name
from protocol.cbor import CborInvalid, decode
from protocol.text import pg_text


class Reading(NamedTuple):
    """`value` is empty when the bytes cannot be read; `fault` says why. `invalid`: None, or why it does not show."""

    value: dict[str, Any]
    invalid: str | None
    fault: str | None


class RecordReader:
    """Reads records of some collections, by the names under which they are indexed.

    Raises LexiconUnknown, when made, for a collection without a lexicon.
    """

    def __init__(self, collections: Iterable[str], namespace: str) -> None:
        catalog = lexicons.load()
        self._schemas = {name: (catalog.record(name), wire_name(name, namespace)) for name in collections}

    @property
    def collections(self) -> list[str]:
        return list(self._schemas)

    def read(self, collection: str, rkey: str, raw: bytes) -> Reading:
        """Never raises for whatever a record may hold; 30 us for a usual one."""
        try:
            value = _decode(raw)
        except CborInvalid as fault:
            return Reading({}, pg_text(f"not of the data model: {fault}"), str(fault))
        schema, wire = self._schemas[collection]
        violations = schema.validate(rkey, value, collection=wire)
        invalid = projections.violations_that_hide(collection, violations, value) if violations else None
        return Reading(value, invalid and pg_text(invalid), None)


def _decode(raw: bytes) -> dict[str, Any]:
    decoded = decode(raw)
    if not isinstance(decoded, dict):
        raise CborInvalid("a record is an object")
    return cast("dict[str, Any]", decoded)
