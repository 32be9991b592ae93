"""Lexicon schemas compiled to closures that check values of the data model and name every rule that is broken.

A value is what `protocol.cbor.decode` gives: dict, list, str, int, bool, None, bytes, Cid. A check returns the broken
rules, none for a valid value, and never raises, however hostile the value. Paths are those of the schema
(`items[].subject.uri`): one violation stands for all array items that break the same rule in the same place, so that
the answer is bounded by the schema and not by the value; so is the depth, since a schema cannot contain itself.
An array stops at `FAULTY_ITEMS_MAX` faulty items and then breaks the rule `items` as well, since the rest is unseen.
Compiled checks hold no state: safe in any thread. Spec: https://atproto.com/specs/lexicon
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from lexicons.formats import CHECKS, MUST
from lexicons.language import (
    Array,
    Blob,
    Body,
    Boolean,
    Bytes,
    CidLink,
    Integer,
    Object,
    Record,
    Ref,
    Schema,
    String,
    Union,
    Unknown,
)
from protocol.cbor import Cid
from protocol.text import graphemes

FAULTY_ITEMS_MAX = 100


class Violation(NamedTuple):
    """One broken rule.

    `path`: the field in the schema's terms, `artists[].artistMbId`, empty for the whole value. `rule`: one of `RULES`.
    `message`: what the field must be, for people; nothing of the value stands in it.
    """

    path: str
    rule: str
    message: str


RULES = frozenset(
    {"type", "required", "null", "const", "enum", "minimum", "maximum", "minLength", "maxLength"}
    | {"minGraphemes", "maxGraphemes", "accept", "maxSize", "union", "token", "items", "rkey"}
    | {f"format:{name}" for name in CHECKS}
)

Check: TypeAlias = Callable[[Any], Sequence[Violation]]
Test: TypeAlias = Callable[[Any], bool]
Resolve: TypeAlias = Callable[[str], tuple[str, Check]]
"""From a reference, as it stands in a schema, to the full name of its target, as `$type` has it, and its check."""

VALID: Sequence[Violation] = ()


def within(path: str, violations: Sequence[Violation]) -> list[Violation]:
    """The violations of a value as those of what holds it at `path`."""
    return [
        Violation(path + (inner if not inner or inner[0] == "[" else f".{inner}"), rule, message)
        for inner, rule, message in violations
    ]


def broken(rule: str, message: str) -> tuple[Violation]:
    return (Violation("", rule, message),)


def compile_check(schema: Schema, resolve: Resolve) -> Check:
    """The check of one schema; `resolve` is asked for what it refers to, now and not when a value is checked."""
    match schema:
        case Array():
            return _array(schema, resolve)
        case Object():
            return _object(schema, resolve)
        case Record():
            return _object(schema.record, resolve)
        case Ref():
            return resolve(schema.ref)[1]
        case Union():
            return _union(schema, resolve)
        case _:
            return _leaf(schema)


def _leaf(schema: Schema) -> Check:  # noqa: PLR0911 (one line for each kind of schema)
    match schema:
        case String():
            return _string(schema)
        case Integer():
            return _typed(int, "must be an integer", integer_rules(schema))
        case Boolean():
            return _typed(bool, "must be true or false", _const_rule(schema.const))
        case Bytes():
            return _typed(bytes, "must be bytes", _length_rules(schema, len, "bytes"))
        case CidLink():
            return _typed(Cid, "must be a link to a CID", [])
        case Blob():
            return _blob(schema)
        case Unknown():
            return _unknown
        case _:
            raise TypeError(f"no value has the schema {type(schema).__name__}")


def compile_body(body: Body | None, resolve: Resolve) -> Check | None:
    """The check of a body's JSON, None where the method has none."""
    return None if body is None or body.schema_ is None else compile_check(body.schema_, resolve)


def compile_token(name: str) -> Check:
    """The check of a token: a string that is its full name."""

    def check(value: Any) -> Sequence[Violation]:
        return VALID if value == name and type(value) is str else wrong

    wrong = broken("token", f"must be {name}")
    return check


Rule: TypeAlias = tuple[Test, tuple[Violation]]


def _typed(kind: type, message: str, rules: Sequence[Rule]) -> Check:
    wrong_type = broken("type", message)
    if not rules:

        def check_type(value: Any) -> Sequence[Violation]:
            return VALID if type(value) is kind else wrong_type

        return check_type

    def check(value: Any) -> Sequence[Violation]:
        if type(value) is not kind:
            return wrong_type
        found = VALID
        for holds, violation in rules:
            if not holds(value):
                found = (*found, *violation)
        return found

    return check


def _string(schema: String) -> Check:
    """Most texts are so short that no limit of length needs a closer look: these are let through at once."""
    look_closer = _typed(str, "must be a string", string_rules(schema))
    least, most = _fitting(schema)
    if least > most or schema.const is not None or schema.enum is not None:
        return look_closer
    has_format = None if schema.format is None else CHECKS[schema.format]

    def check(value: Any) -> Sequence[Violation]:
        if type(value) is str and least <= len(value) <= most and (has_format is None or has_format(value)):
            return VALID
        return look_closer(value)

    return check


def _fitting(schema: String) -> tuple[int, int]:
    """How many characters, at least and at most, keep to all limits, whichever they are: each has 1 to 4 bytes."""
    least, most = schema.min_length or 0, sys.maxsize
    if schema.max_length is not None:
        most = schema.max_length // 4
    if schema.max_graphemes is not None:
        most = min(most, schema.max_graphemes)
    return (1, 0) if schema.min_graphemes else (least, most)


def _const_rule(const: Any) -> list[Rule]:
    return [] if const is None else [(lambda value: value == const, broken("const", f"must be {const!r}"))]


def _enum_rule(enum: Sequence[Any] | None) -> list[Rule]:
    if enum is None:
        return []
    values = frozenset(enum)
    return [(lambda value: value in values, broken("enum", f"must be one of {', '.join(map(str, enum))}"))]


def integer_rules(schema: Integer) -> list[Rule]:
    rules = [*_const_rule(schema.const), *_enum_rule(schema.enum)]
    if (minimum := schema.minimum) is not None:
        rules.append((lambda value: value >= minimum, broken("minimum", f"must be at least {minimum}")))
    if (maximum := schema.maximum) is not None:
        rules.append((lambda value: value <= maximum, broken("maximum", f"must be at most {maximum}")))
    return rules


def string_rules(schema: String) -> list[Rule]:
    """The rules of a string, each tested alone, so that a reader may forgive one of them."""
    rules = [*_const_rule(schema.const), *_enum_rule(schema.enum)]
    if (least := schema.min_length) is not None:
        rules.append((_at_least_bytes(least), broken("minLength", f"must be at least {least} byte(s) long")))
    if (most := schema.max_length) is not None:
        rules.append((_at_most_bytes(most), broken("maxLength", f"must have at most {most} bytes of UTF-8")))
    if (fewest := schema.min_graphemes) is not None:
        message = f"must have at least {fewest} characters"
        rules.append((lambda text: len(text) >= fewest and graphemes(text) >= fewest, broken("minGraphemes", message)))
    # A character has a byte at least, so a byte limit that is no larger says it all.
    if (highest := schema.max_graphemes) is not None and (most is None or most > highest):
        message = f"must have at most {highest} characters"
        rules.append((_at_most_graphemes(highest, most), broken("maxGraphemes", message)))
    if (name := schema.format) is not None:
        rules.append((CHECKS[name], broken(f"format:{name}", MUST[name])))
    return rules


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _at_least_bytes(least: int) -> Test:
    return lambda text: len(text) >= least or _utf8(text) >= least


def _at_most_bytes(most: int) -> Test:
    return lambda text: len(text) <= most and _utf8(text) <= most


def _at_most_graphemes(most: int, most_bytes: int | None) -> Test:
    if most_bytes is None:
        return lambda text: len(text) <= most or graphemes(text) <= most
    # A text that breaks its byte limit is not counted: that is reported already, and counting is what costs.
    return lambda text: len(text) <= most or len(text) > most_bytes or graphemes(text) <= most


def _length_rules(schema: Bytes | Array, length: Callable[[Any], int], unit: str) -> list[Rule]:
    rules: list[Rule] = []
    if (least := schema.min_length) is not None:
        rules.append((lambda value: length(value) >= least, broken("minLength", f"must have at least {least} {unit}")))
    if (most := schema.max_length) is not None:
        rules.append((lambda value: length(value) <= most, broken("maxLength", f"must have at most {most} {unit}")))
    return rules


def _array(schema: Array, resolve: Resolve) -> Check:
    check_item = compile_check(schema.items, resolve)
    check_length = _typed(list, "must be an array", _length_rules(schema, len, "items"))
    too_many = Violation("", "items", f"must have fewer than {FAULTY_ITEMS_MAX} faulty items")

    def check(value: Any) -> Sequence[Violation]:
        found = check_length(value)
        if type(value) is not list:
            return found
        faults: dict[tuple[str, str], Violation] = {}
        faulty = 0
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            if inner := check_item(item):
                for fault in inner:
                    faults.setdefault(fault[:2], fault)
                faulty += 1
                if faulty == FAULTY_ITEMS_MAX:
                    found = (*found, too_many)
                    break
        return (*found, *within("[]", list(faults.values()))) if faults else found

    return check


def _object(schema: Object, resolve: Resolve) -> Check:
    not_object = broken("type", "must be an object")
    missing = broken("required", "must be given")
    null = broken("null", "must not be null")
    fields = [
        (
            name,
            compile_check(field, resolve),
            missing if name in schema.required else VALID,
            VALID if name in schema.nullable else null,
        )
        for name, field in schema.properties.items()
    ]

    def check(value: Any) -> Sequence[Violation]:
        if type(value) is not dict:
            return not_object
        found: list[Violation] | None = None
        for name, check_field, if_absent, if_null in fields:
            item = value.get(name)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            inner = check_field(item) if item is not None else if_null if name in value else if_absent
            if inner:
                found = [*(found or ()), *within(name, inner)]
        return found or VALID

    return check


def _union(schema: Union, resolve: Resolve) -> Check:
    not_object = broken("type", "must be an object with a $type")
    not_listed = broken("union", f"must be one of {', '.join(schema.refs)}")
    variants = dict(map(resolve, schema.refs))

    def check(value: Any) -> Sequence[Violation]:
        name: Any = cast("dict[str, Any]", value).get("$type") if type(value) is dict else None
        if type(name) is not str:
            return not_object
        variant = variants.get(name)
        if variant is None:
            return not_listed if schema.closed else VALID
        return variant(value)

    return check


_NOT_UNKNOWN = broken("type", "must be an object, and no blob")


def _unknown(value: Any) -> Sequence[Violation]:
    if type(value) is not dict or cast("dict[str, Any]", value).get("$type") == "blob":
        return _NOT_UNKNOWN
    return VALID


def _blob(schema: Blob) -> Check:
    not_blob = broken("type", "must be a blob")
    not_accepted = broken("accept", f"must be of type {' or '.join(schema.accept or ())}")
    too_large = broken("maxSize", f"must have at most {schema.max_size} bytes")
    accepted = _media_types(schema.accept)
    limit = schema.max_size

    def check(value: Any) -> Sequence[Violation]:
        if type(value) is not dict:
            return not_blob
        blob = cast("dict[str, Any]", value)
        kind, size = blob.get("mimeType"), blob.get("size")
        if blob.get("$type") != "blob" or type(blob.get("ref")) is not Cid or type(kind) is not str:
            return not_blob
        if type(size) is not int or size < 0:
            return not_blob
        found = VALID if accepted(kind) else not_accepted
        return (*found, *too_large) if limit is not None and size > limit else found

    return check


def _media_types(accept: Sequence[str] | None) -> Callable[[str], bool]:
    if accept is None or "*/*" in accept:
        return lambda _kind: True
    exact = frozenset(accept)
    prefixes = tuple(pattern[:-1] for pattern in accept if pattern.endswith("/*"))
    return lambda kind: kind in exact or kind.startswith(prefixes)
