"""The Lexicon language itself: what a lexicon document may say, as frozen models.

It checks a document's form (types, names, where a kind of definition may stand) and refuses fields that it does not
know, so that a mistyped limit cannot silently be no limit. It resolves no references; `catalog` does. Pure, and safe
in any thread once imported. Spec: https://atproto.com/specs/lexicon
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from protocol.syntax import Nsid

Format: TypeAlias = Literal[
    "at-identifier",
    "at-uri",
    "cid",
    "datetime",
    "did",
    "handle",
    "language",
    "nsid",
    "record-key",
    "tid",
    "uri",
]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,62}")
_RECORD_KEY_KIND = r"^(tid|nsid|any|literal:[a-zA-Z0-9_~.:-]{1,512})$"


class LexiconInvalid(ValueError):
    """A lexicon document is not as the language asks; the message says where and why."""


class Schema(BaseModel):
    """What every definition and field has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    description: str | None = None


class Boolean(Schema):
    type: Literal["boolean"]
    default: bool | None = None
    const: bool | None = None


class Integer(Schema):
    type: Literal["integer"]
    minimum: int | None = None
    maximum: int | None = None
    enum: list[int] | None = None
    default: int | None = None
    const: int | None = None


class String(Schema):
    """Lengths count UTF-8 bytes, graphemes count what a reader sees as one character; known values are open."""

    type: Literal["string"]
    format: Format | None = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)
    min_graphemes: int | None = Field(None, ge=0)
    max_graphemes: int | None = Field(None, ge=0)
    known_values: list[str] | None = None
    enum: list[str] | None = None
    default: str | None = None
    const: str | None = None


class Bytes(Schema):
    type: Literal["bytes"]
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)


class CidLink(Schema):
    type: Literal["cid-link"]


class Blob(Schema):
    type: Literal["blob"]
    accept: list[str] | None = None
    max_size: int | None = Field(None, ge=0)


class Array(Schema):
    type: Literal["array"]
    items: FieldSchema
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)


class Object(Schema):
    type: Literal["object"]
    properties: dict[str, FieldSchema] = {}
    required: list[str] = []
    nullable: list[str] = []

    @model_validator(mode="after")
    def _names_are_of_properties(self) -> Self:
        for name in (*self.required, *self.nullable):
            if name not in self.properties:
                raise ValueError(f"{name!r} is required or nullable and no property")
        return self


class Ref(Schema):
    type: Literal["ref"]
    ref: str


class Union(Schema):
    type: Literal["union"]
    refs: list[str]
    closed: bool = False


class Unknown(Schema):
    type: Literal["unknown"]


class Token(Schema):
    type: Literal["token"]


FieldSchema: TypeAlias = Annotated[
    Boolean | Integer | String | Bytes | CidLink | Blob | Array | Object | Ref | Union | Unknown,
    Field(discriminator="type"),
]
ScalarSchema: TypeAlias = Annotated[Boolean | Integer | String, Field(discriminator="type")]
BodySchema: TypeAlias = Annotated[Object | Ref | Union, Field(discriminator="type")]


class ScalarArray(Array):
    items: ScalarSchema  # pyright: ignore[reportIncompatibleVariableOverride] (frozen, so narrowing is sound)


class Params(Schema):
    type: Literal["params"]
    properties: dict[str, Annotated[Boolean | Integer | String | ScalarArray, Field(discriminator="type")]] = {}
    required: list[str] = []

    @model_validator(mode="after")
    def _required_are_properties(self) -> Self:
        for name in self.required:
            if name not in self.properties:
                raise ValueError(f"{name!r} is required and no property")
        return self


class Body(Schema):
    """`schema` is absent where the body is no JSON."""

    encoding: str
    schema_: BodySchema | None = Field(None, alias="schema")


class Message(Schema):
    schema_: Union = Field(alias="schema")


class MethodError(Schema):
    name: Annotated[str, Field(pattern=r"^[^\s]+$")]


class Record(Schema):
    type: Literal["record"]
    key: Annotated[str, Field(pattern=_RECORD_KEY_KIND)]
    record: Object


class Query(Schema):
    type: Literal["query"]
    parameters: Params | None = None
    output: Body | None = None
    errors: list[MethodError] = []


class Procedure(Query):
    type: Literal["procedure"]  # pyright: ignore[reportIncompatibleVariableOverride] (the discriminator differs)
    input: Body | None = None


class Subscription(Schema):
    type: Literal["subscription"]
    parameters: Params | None = None
    message: Message | None = None
    errors: list[MethodError] = []


class Permission(Schema):
    """What else it holds depends on the resource."""

    model_config = ConfigDict(extra="allow")

    type: Literal["permission"]
    resource: str


class PermissionSet(Schema):
    """Title and detail come in further languages under `title:lang` and `detail:lang`."""

    type: Literal["permission-set"]
    title: str | None = None
    title_lang: dict[str, str] | None = Field(None, alias="title:lang")
    detail: str | None = None
    detail_lang: dict[str, str] | None = Field(None, alias="detail:lang")
    permissions: list[Permission]


PRIMARY = (Record, Query, Procedure, Subscription, PermissionSet)
Definition: TypeAlias = Annotated[
    Record
    | Query
    | Procedure
    | Subscription
    | PermissionSet
    | Boolean
    | Integer
    | String
    | Bytes
    | CidLink
    | Blob
    | Array
    | Object
    | Token,
    Field(discriminator="type"),
]


class Document(Schema):
    """One lexicon: its NSID and its definitions by name. `main` is what the NSID alone stands for."""

    lexicon: Literal[1]
    id: str
    defs: Annotated[dict[str, Definition], Field(min_length=1)]

    @field_validator("id")
    @classmethod
    def _id_is_nsid(cls, value: str) -> str:
        return Nsid.parse(value)

    @model_validator(mode="after")
    def _definitions_stand_where_they_may(self) -> Self:
        for name, definition in self.defs.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot name a definition")
            if name != "main" and isinstance(definition, PRIMARY):
                raise ValueError(f"a {definition.type} must be named 'main', not {name!r}")
        return self


def parse_document(document: Mapping[str, Any]) -> Document:
    """The document as a model. Raises `LexiconInvalid`, one line per fault."""
    try:
        return Document.model_validate(document)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise LexiconInvalid("\n".join((f"lexicon {str(document.get('id'))!r}", *faults))) from None


def validate_lexicon(document: Mapping[str, Any]) -> None:
    """Raise `LexiconInvalid` unless the document is a lexicon, version 1, by its form."""
    parse_document(document)
