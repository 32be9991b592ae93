"""What a record links to, and the name of all links of one kind to one target. Pure.

A link is a text that is an at-uri or a DID, wherever it stands in a record; its path is the way there: names of fields
joined by dots, `[]` for what stands in an array, `[type]` where that is an object that says its `$type`. These are the
forms of https://constellation.microcosm.blue. Web addresses are no links here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from protocol.syntax import AtUri, Did, SyntaxInvalid

# Of one record; what stands behind these is no link.
LINKS_MAX: Final = 1_000


class Link(NamedTuple):
    """`path` without a leading dot, as in `items[].subject.uri`."""

    path: str
    target: str


def links(record: dict[str, Any]) -> frozenset[Link]:
    """All that a record links to, each path and target once."""
    found: set[Link] = set()
    for link in _within(record, ""):
        found.add(link)
        if len(found) == LINKS_MAX:
            break
    return frozenset(found)


def target(text: str) -> str | None:
    """The at-uri or DID in the form in which targets are compared; None for what is neither."""
    try:
        if text.startswith("at://"):
            return str(AtUri.parse(text))
        if text.startswith("did:"):
            return Did.parse(text)
    except SyntaxInvalid:
        pass
    return None


def link_name(collection: str, link: Link) -> UUID:
    """What all links to this target share that stand at this path of records of this collection, and no others."""
    text = f"{collection}:{link.path}\n{link.target}"
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


def _within(value: Any, path: str) -> Iterator[Link]:
    match value:
        case str():
            found = target(value)
            if found is not None:
                yield Link(path, found)
        case dict():
            for name, inner in cast("dict[str, Any]", value).items():
                yield from _within(inner, f"{path}.{name}" if path else name)
        case list():
            for inner in cast("list[Any]", value):
                yield from _within(inner, f"{path}[{_kind(inner)}]")
        case _:
            pass


def _kind(value: Any) -> str:
    kind = cast("dict[str, Any]", value).get("$type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""
