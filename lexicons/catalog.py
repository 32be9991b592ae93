"""A set of lexicons, their references resolved and their checks compiled once, to be asked for by NSID.

Making a catalog is the only thing that fails: a reference to nothing, or a schema that contains itself, which would
leave the depth of a check to whoever wrote the value. Afterwards it does not change: safe in any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lexicons.language import Definition, Document, LexiconInvalid, Query, Record, Token, parse_document
from lexicons.parameters import Parameters
from lexicons.values import Check, Resolve, Violation, broken, compile_body, compile_check, compile_token
from protocol.cbor import CborInvalid, from_json
from protocol.syntax import Nsid, RecordKey, SyntaxInvalid, Tid

_Found = TypeVar("_Found")


class LexiconUnknown(LookupError):
    """The catalog has no lexicon of that name and kind."""


class RecordSchema:
    """What the lexicon of a collection asks of a record and its key."""

    def __init__(self, collection: str, definition: Record, check: Check) -> None:
        self.collection = collection
        self.definition = definition
        self._check = check
        self._key_holds, key_message = _record_key(definition.key)
        self._wrong_key = broken("rkey", key_message)

    def validate(self, rkey: str, value: Any, *, collection: str | None = None) -> list[Violation]:
        """Every broken rule, once for each path of the schema; none for a valid record. Never raises.

        `value` is as `protocol.cbor.decode` gives it. `collection` is the name under which the repo holds the
        record, where that is another than the lexicon's (a namespace that is read as fm.plyr).
        """
        found = [] if self._key_holds(rkey) else list(self._wrong_key)
        found.extend(self._check(value))
        if type(value) is dict:
            kind: Any = value.get("$type")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            name = collection or self.collection
            if kind is None:
                found.append(Violation("$type", "required", "must be given"))
            elif kind != name:
                found.append(Violation("$type", "const", f"must be {name}"))
        return found


class QuerySchema:
    """What a query takes and gives. `actors`: the parameters that may name an account by its handle."""

    def __init__(self, nsid: str, definition: Query, check_output: Check | None) -> None:
        self.nsid = nsid
        self.definition = definition
        self.errors = frozenset(error.name for error in definition.errors)
        self._parameters = Parameters(definition.parameters)
        self.actors = self._parameters.actors
        self._check_output = check_output

    def parse_params(self, multi: Mapping[str, list[str]]) -> dict[str, Any]:
        """The typed values of a URL's parameters, see `parameters`. Raises ParameterInvalid."""
        return self._parameters.parse(multi)

    def validate_output(self, value: Any) -> list[Violation]:
        """Every broken rule of an answer, given as decoded JSON; none for a query whose answer is no JSON."""
        if self._check_output is None:
            return []
        try:
            return list(self._check_output(from_json(value)))
        except CborInvalid as error:
            return [Violation("", "type", str(error))]


class Catalog:
    """Lexicons by NSID."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Raises LexiconInvalid for a document that is no lexicon or whose references lead nowhere."""
        self._documents: dict[str, Document] = {}
        for document in documents:
            parsed = parse_document(document)
            if parsed.id in self._documents:
                raise LexiconInvalid(f"two lexicons have the id {parsed.id!r}")
            self._documents[parsed.id] = parsed
        self._checks: dict[str, Check] = {}
        self._open: set[str] = set()
        self._records: dict[str, RecordSchema] = {}
        self._queries: dict[str, QuerySchema] = {}
        for nsid, document in self._documents.items():
            self._compile(nsid, document)

    def record(self, collection: str) -> RecordSchema:
        """Raises LexiconUnknown."""
        return _known(self._records, collection)

    def query(self, nsid: str) -> QuerySchema:
        """Raises LexiconUnknown."""
        return _known(self._queries, nsid)

    def document(self, nsid: str) -> Document:
        """The lexicon itself, descriptions included. Raises LexiconUnknown."""
        return _known(self._documents, nsid)

    def records(self) -> Iterable[str]:
        return self._records.keys()

    def queries(self) -> Iterable[str]:
        return self._queries.keys()

    def _compile(self, nsid: str, document: Document) -> None:
        resolve = self._resolver(nsid)
        for name, definition in document.defs.items():
            match definition:
                case Record():
                    self._records[nsid] = RecordSchema(nsid, definition, resolve(f"#{name}")[1])
                case Query(type="query"):
                    output = compile_body(definition.output, resolve)
                    self._queries[nsid] = QuerySchema(nsid, definition, output)
                case _ if definition.type not in ("procedure", "subscription", "permission-set"):
                    resolve(f"#{name}")
                case _:
                    pass

    def _resolver(self, home: str) -> Resolve:
        def resolve(ref: str) -> tuple[str, Check]:
            nsid, _, name = (home + ref if ref.startswith("#") else ref).partition("#")
            full = nsid if name in ("", "main") else f"{nsid}#{name}"
            if full not in self._checks:
                self._checks[full] = self._check_of(full, nsid, self._definition(home, nsid, name or "main"))
            return full, self._checks[full]

        return resolve

    def _definition(self, home: str, nsid: str, name: str) -> Definition:
        document = self._documents.get(nsid)
        if document is None or name not in document.defs:
            raise LexiconInvalid(f"{home} refers to {nsid}#{name}, which does not exist")
        return document.defs[name]

    def _check_of(self, full: str, nsid: str, definition: Definition) -> Check:
        if isinstance(definition, Token):
            return compile_token(full)
        if full in self._open:
            raise LexiconInvalid(f"{full} contains itself")
        self._open.add(full)
        try:
            return compile_check(definition, self._resolver(nsid))
        except TypeError as error:
            raise LexiconInvalid(f"{full}: {error}") from error
        finally:
            self._open.discard(full)


def _known(by_name: Mapping[str, _Found], name: str) -> _Found:
    try:
        return by_name[name]
    except KeyError:
        raise LexiconUnknown(name) from None


def _record_key(kind: str) -> tuple[Callable[[str], bool], str]:
    literal = kind.removeprefix("literal:")
    if literal != kind:
        return (lambda rkey: rkey == literal), f"must be {literal!r}"
    parse, message = {
        "tid": (Tid.parse, "must be a TID"),
        "nsid": (Nsid.parse, "must be an NSID"),
        "any": (RecordKey.parse, "must be a record key"),
    }[kind]

    def holds(rkey: str) -> bool:
        try:
            parse(rkey)
        except SyntaxInvalid:
            return False
        return True

    return holds, message
