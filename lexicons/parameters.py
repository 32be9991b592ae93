"""A query's parameters: from the texts of a URL to typed values, or an error that says what to write instead.

A value of format did, handle or at-identifier comes as `Did` or `Handle` (lower-case; one leading `@` is forgiven),
at-uri as `AtUri`, and so on for each format with a type in `protocol.syntax`; the rest as str, int or bool, repeated
parameters as lists. Parameters that the lexicon does not know are ignored. Texts that no database can hold (U+0000,
lone surrogates) are refused here, once for all queries. Compiled readers hold no state: safe in any thread.
Spec: https://atproto.com/specs/xrpc, https://atproto.com/specs/lexicon#params
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from lexicons.formats import MUST, PARSERS
from lexicons.language import Array, Boolean, Integer, Params, String
from lexicons.values import Rule, integer_rules, string_rules
from protocol.syntax import SyntaxInvalid
from protocol.text import pg_text

SHOWN = 40
INTEGER_BITS = 64
BY_ACTOR = frozenset({"at-identifier", "at-uri"})

_INTEGER = re.compile(r"-?[0-9]{1,19}")


class ParameterInvalid(ValueError):
    """A parameter is missing or not as its lexicon asks; `name` is the parameter, the message says what it must be."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"Parameter '{name}' {fault}")
        self.name = name


ReadOne: TypeAlias = Callable[[str], Any]
ReadAll: TypeAlias = Callable[[Sequence[str]], Any]


class Parameters:
    """The parameters of one query, compiled. `actors`: those that are, or begin with, a DID or a handle."""

    def __init__(self, params: Params | None) -> None:
        properties = params.properties if params else {}
        self._readers = {name: _reader(name, schema) for name, schema in properties.items()}
        self.actors = tuple(name for name, schema in properties.items() if _format(schema) in BY_ACTOR)
        self._required = tuple(params.required) if params else ()
        self._defaults = {
            name: schema.default
            for name, schema in properties.items()
            if not isinstance(schema, Array) and schema.default is not None
        }

    def parse(self, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The values by name, defaults filled in; what was not given and has no default is absent.

        Raises ParameterInvalid for the first fault, in the order of the lexicon.
        """
        for name in self._required:
            if not given.get(name):
                raise ParameterInvalid(name, "is required")
        values = dict(self._defaults)
        for name, read in self._readers.items():
            if texts := given.get(name):
                values[name] = read(texts)
        return values


def _format(schema: Boolean | Integer | String | Array) -> str | None:
    one = schema.items if isinstance(schema, Array) else schema
    return one.format if isinstance(one, String) else None


def _reader(name: str, schema: Boolean | Integer | String | Array) -> ReadAll:
    return _read_array(name, schema) if isinstance(schema, Array) else _read_scalar(name, schema)


def _read_scalar(name: str, schema: Boolean | Integer | String) -> ReadAll:
    read_one = _scalar(name, schema)

    def read(texts: Sequence[str]) -> Any:
        if len(texts) > 1:
            raise ParameterInvalid(name, f"must be given once, not {len(texts)} times")
        return read_one(texts[0])

    return read


def _read_array(name: str, schema: Array) -> ReadAll:
    if not isinstance(schema.items, Boolean | Integer | String):
        raise TypeError(f"parameter {name} is an array of {schema.items.type}")
    read_one = _scalar(name, schema.items)
    least, most = schema.min_length or 0, schema.max_length

    def read(texts: Sequence[str]) -> list[Any]:
        if most is not None and len(texts) > most:
            raise ParameterInvalid(name, f"must be given at most {most} times, not {len(texts)}")
        if len(texts) < least:
            raise ParameterInvalid(name, f"must be given at least {least} times, not {len(texts)}")
        return [read_one(text) for text in texts]

    return read


def _scalar(name: str, schema: Boolean | Integer | String) -> ReadOne:
    match schema:
        case Boolean():
            return lambda text: _boolean(name, text)
        case Integer():
            rules = integer_rules(schema)
            return lambda text: _obeying(rules, name, _integer(name, text), text)
        case String():
            return _string(name, schema)


def _refuse(name: str, fault: str, text: str) -> NoReturn:
    shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    raise ParameterInvalid(name, f"{fault}, not {shown!a}")


def _obeying(rules: Sequence[Rule], name: str, value: Any, text: str) -> Any:
    for holds, (violation,) in rules:
        if not holds(value):
            _refuse(name, violation.message, text)
    return value


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        _refuse(name, "must be true or false", text)
    return text == "true"


def _integer(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        _refuse(name, "must be an integer", text)
    value = int(text)
    if not -1 << INTEGER_BITS - 1 <= value < 1 << INTEGER_BITS - 1:
        _refuse(name, f"must be an integer of {INTEGER_BITS} bits", text)
    return value


def _string(name: str, schema: String) -> ReadOne:
    parse = PARSERS.get(schema.format) if schema.format else None
    # A format with a type is checked by its parser, once.
    rules = string_rules(schema.model_copy(update={"format": None}) if parse else schema)
    forgive_at = schema.format in ("at-identifier", "handle")

    def read(text: str) -> Any:
        if pg_text(text) != text:
            _refuse(name, "must be Unicode text without U+0000", text)
        _obeying(rules, name, text, text)
        if parse is None:
            return text
        try:
            return parse(text.removeprefix("@") if forgive_at else text)
        except SyntaxInvalid:
            assert schema.format
            _refuse(name, MUST[schema.format], text)

    return read
