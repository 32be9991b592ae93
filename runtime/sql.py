"""Named queries, read from the `.sql` file that stands beside a Python module.

A file is a sequence of statements, each under a header of comment lines:

    -- name: latest_tracks
    -- Newest visible tracks, older than the cursor.
    -- $1 limit int, $2 before timestamptz
    SELECT ...

The first header line names the query, the last lists its parameters with their Postgres types (left out when there
are none), those between say its purpose. A *fragment* is a piece of SQL that several queries share, with parameters
of its own that are replaced as text:

    -- fragment: actor_view_basic(account)
    -- The actorViewBasic JSON of the account with that id.
    (SELECT json_build_object(...) FROM visible_account a WHERE a.id = :account)

and is used as `{{actor_view_basic(t.account_id)}}`, also from within other fragments. Everything is checked when it
is loaded: a query whose declared parameters are not those that it uses, an unknown fragment or a wrong number of its
arguments raises QueryInvalid, so that a wrong query stops the start and not a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FRAGMENT_DEPTH = 16

_HEADER = re.compile(r"^-- (name|fragment): *([a-z][a-z0-9_]*)(?:\(([^)]*)\))? *$", re.MULTILINE)
_PARAMETER = re.compile(r"\$(\d+) +([a-z][a-z0-9_]*) +([a-z][a-z0-9_ ]*(?:\[\])?)")
_USE = re.compile(r"\{\{ *([a-z][a-z0-9_]*)\(([^{}]*)\) *\}\}")
# Braces of what a use has become, so that it can be an argument of another.
_HIDE = str.maketrans("{}", "\x02\x03")
_SHOW = str.maketrans("\x02\x03", "{}")


class QueryInvalid(ValueError):
    """A `.sql` file is not as it has to be; the message names the file and the query."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared `$n` of a query."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Query:
    """One query: its text, ready for asyncpg, and what its header says."""

    name: str
    purpose: str
    parameters: tuple[Parameter, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """A shared piece of SQL; `:name` in its body stands for an argument."""

    name: str
    arguments: tuple[str, ...]
    body: str


class Fragments:
    """The fragments of some files, by name."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_name: dict[str, Fragment] = {}
        for path in paths:
            for kind, name, arguments, body in _statements(path):
                if kind != "fragment":
                    raise QueryInvalid(f"{path.name}: {name} is a query, fragments only are expected here")
                if name in self._by_name:
                    raise QueryInvalid(f"{path.name}: fragment {name} is defined twice")
                names = tuple(part.strip() for part in arguments.split(",") if part.strip())
                self._by_name[name] = Fragment(name, names, _split_header(body)[1])

    def expand(self, text: str, where: str, depth: int = 0) -> str:
        """`text` with every `{{use(...)}}` replaced. Raises QueryInvalid for unknown names and for recursion."""
        if depth > FRAGMENT_DEPTH:
            raise QueryInvalid(f"{where}: fragments nest too deep")

        def replace(match: re.Match[str]) -> str:
            fragment = self._by_name.get(match[1])
            if fragment is None:
                raise QueryInvalid(f"{where}: unknown fragment {match[1]}")
            values = _arguments(match[2])
            if len(values) != len(fragment.arguments):
                raise QueryInvalid(f"{where}: {fragment.name} takes {len(fragment.arguments)} arguments")
            by_name = dict(zip(fragment.arguments, values, strict=True))
            body = re.sub(
                r"(?<!:):([a-z][a-z0-9_]*)",
                lambda argument: by_name.get(argument[1], argument[0]),
                fragment.body,
            )
            return self.expand(body, where, depth + 1).translate(_HIDE)

        # An argument may itself be a use: innermost first, until none is left.
        for _ in range(FRAGMENT_DEPTH):
            text, count = _USE.subn(replace, text)
            if not count:
                return text.translate(_SHOW)
        raise QueryInvalid(f"{where}: fragments nest too deep")


NO_FRAGMENTS = Fragments(())


class Queries(Mapping[str, str]):
    """The texts of the queries of one `.sql` file, by name; `described` has their headers too."""

    def __init__(self, path: Path, fragments: Fragments = NO_FRAGMENTS) -> None:
        self.path = path
        self.described: dict[str, Query] = {}
        for kind, name, _, body in _statements(path):
            if kind != "name":
                raise QueryInvalid(f"{path.name}: fragment {name} stands among queries")
            if name in self.described:
                raise QueryInvalid(f"{path.name}: query {name} is defined twice")
            self.described[name] = _query(f"{path.name}: {name}", name, body, fragments)

    @classmethod
    def beside(cls, module_file: str, fragments: Fragments = NO_FRAGMENTS) -> Queries:
        """The queries in the `.sql` file of the same name as the module: `Queries.beside(__file__)`."""
        return cls(Path(module_file).with_suffix(".sql"), fragments)

    def __getitem__(self, name: str) -> str:
        return self.described[name].text

    def __iter__(self) -> Iterator[str]:
        return iter(self.described)

    def __len__(self) -> int:
        return len(self.described)


def _query(where: str, name: str, body: str, fragments: Fragments) -> Query:
    header, text = _split_header(body)
    declared = _PARAMETER.findall(header[-1]) if header and header[-1].startswith("$") else []
    purpose = " ".join(header[:-1] if declared else header)
    if not purpose:
        raise QueryInvalid(f"{where}: no purpose is given")
    expanded = fragments.expand(text, where).rstrip().rstrip(";")
    used = {int(number) for number in re.findall(r"\$(\d+)", expanded)}
    numbers = [int(number) for number, _, _ in declared]
    if numbers != list(range(1, len(numbers) + 1)) or used != set(numbers):
        raise QueryInvalid(f"{where}: declares ${numbers} and uses ${sorted(used)}")
    return Query(name, purpose, tuple(Parameter(argument, kind) for _, argument, kind in declared), expanded)


def _statements(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """(kind, name, arguments, header lines and body) of each statement of a file."""
    text = path.read_text(encoding="utf-8")
    headers = list(_HEADER.finditer(text))
    if not headers:
        raise QueryInvalid(f"{path.name}: holds no `-- name:` and no `-- fragment:`")
    ends = [*(header.start() for header in headers[1:]), len(text)]
    for header, end in zip(headers, ends, strict=True):
        yield header[1], header[2], header[3] or "", text[header.end() : end].strip()


def _split_header(body: str) -> tuple[list[str], str]:
    lines = body.splitlines()
    count = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return [line.removeprefix("--").strip() for line in lines[:count]], "\n".join(lines[count:])


def _arguments(text: str) -> list[str]:
    """Split at the commas that stand outside of parentheses."""
    parts: list[str] = [""]
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
