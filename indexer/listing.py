"""A page of the listings that hosts give of their repos: `listRepos` and `listReposByCollection`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from protocol.syntax import Did, SyntaxInvalid
from protocol.text import pg_text

# Longest cursor that is given back to a host [characters].
CURSOR_MAX = 2_048


class PageInvalid(Exception):
    """A page of a listing is not as its lexicon says."""


class Listed(NamedTuple):
    """An account, and all that the host says of it."""

    did: Did
    said: Mapping[str, Any]

    @property
    def active(self) -> bool:
        """Whether the host gives it out: also where it does not say."""
        return self.said.get("active") is not False


class Page(NamedTuple):
    """A part of a listing, and where the next one begins."""

    repos: list[Listed]
    cursor: str | None


def read_page(answer: object) -> Page:
    """A page as a host gave it; entries that are no account's are left out. Raises PageInvalid."""
    if not isinstance(answer, dict):
        raise PageInvalid("no object")
    fields = cast("dict[str, Any]", answer)
    repos, cursor = fields.get("repos"), fields.get("cursor")
    if not isinstance(repos, list):
        raise PageInvalid("repos is no list")
    if cursor is not None and (not isinstance(cursor, str) or len(cursor) > CURSOR_MAX or cursor != pg_text(cursor)):
        raise PageInvalid("cursor is no text")
    return Page(list(_listed(cast("list[Any]", repos))), cursor or None)


def _listed(repos: list[Any]) -> Iterator[Listed]:
    for repo in repos:
        fields: Mapping[str, Any] = cast("dict[str, Any]", repo) if isinstance(repo, dict) else {}
        did = fields.get("did")
        if isinstance(did, str):
            try:
                yield Listed(Did.parse(did), fields)
            except SyntaxInvalid:
                continue
