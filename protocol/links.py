"""What a record links to, and the name of all links of one kind to one target. Pure.

A link is a text that is an at-uri or a DID, wherever it stands in a record; its path is the way there: names of fields
joined by dots, `[]` for what stands in an array, `[type]` where that is an object that says its `$type`. These are the
forms of https://constellation.microcosm.blue. Web addresses are no links here.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple
from uuid import UUID

from protocol.syntax import Did, SyntaxInvalid, canonical_at_uri

# Of one record; what stands behind these is no link.
LINKS_MAX: Final = 1_000
_SCHEMES: Final = ("at://", "did:")


class Link(NamedTuple):
    """`path` without a leading dot, as in `items[].subject.uri`."""

    path: str
    target: str


def links(record: dict[str, Any]) -> frozenset[Link]:
    """All that a record links to, each path and target once. `record` as protocol.cbor.decode gives it."""
    found: set[Link] = set()
    _add_fields(record, "", found)
    return frozenset(found)


def target(text: str) -> str | None:
    """The at-uri or DID in the form in which targets are compared; None for what is neither."""
    try:
        if text.startswith("at://"):
            return canonical_at_uri(text)
        if text.startswith("did:"):
            return Did.parse(text)
    except SyntaxInvalid:
        pass
    return None


def link_name(collection: str, link: Link) -> UUID:
    """What all links to this target share that stand at this path of records of this collection, and no others."""
    text = f"{collection}:{link.path}\n{link.target}"
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


def _add_fields(fields: dict[str, Any], before: str, found: set[Link]) -> None:
    """The links in an object whose fields' paths begin with `before`. By type, and not by what else may be like it."""
    for name, value in fields.items():
        kind: object = value.__class__
        if kind is str:
            if value.startswith(_SCHEMES):
                _add(before + name, value, found)
        elif kind is dict:
            _add_fields(value, f"{before}{name}.", found)
        elif kind is list:
            _add_items(value, before + name, found)


def _add_items(items: list[Any], path: str, found: set[Link]) -> None:
    for value in items:
        kind: object = value.__class__
        if kind is str:
            if value.startswith(_SCHEMES):
                _add(f"{path}[]", value, found)
        elif kind is dict:
            said = value.get("$type")
            _add_fields(value, f"{path}[{said if type(said) is str else ''}].", found)
        elif kind is list:
            _add_items(value, f"{path}[]", found)


def _add(path: str, text: str, found: set[Link]) -> None:
    goal = target(text)
    if goal is not None and len(found) < LINKS_MAX:
        found.add(Link(path, goal))
