"""The OpenAPI document of everything that is served: the lexicons, told to tools that do not speak Lexicon.

Lengths of texts are bounds on characters here; Lexicon's count bytes and graphemes, which a pattern can't tell, so that
a text within the bound may still be too long. Pure. Spec: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import orjson
from aiohttp import web

from appview.answers import for_everybody, json_response
from appview.errors import AuthMissing, RateLimitExceeded, ServiceUnavailable, Unauthorized, XrpcError
from lexicons import Catalog
from lexicons.language import (
    Array,
    Blob,
    Boolean,
    Bytes,
    CidLink,
    FieldSchema,
    Integer,
    Object,
    Params,
    Query,
    Ref,
    Schema,
    String,
    Token,
    Union,
)

Json: TypeAlias = dict[str, Any]

KEEP_SECONDS: Final = 300
JSON_TYPE: Final = "application/json"
_FORMATS: Final = {"datetime": "date-time", "uri": "uri"}
_EVERYWHERE: Final[tuple[tuple[type[XrpcError], str], ...]] = (
    (Unauthorized, "The service token is a bad one; the error's name says how."),
    (RateLimitExceeded, "Too many requests."),
    (ServiceUnavailable, "The service can't answer now."),
)


def routes(catalog: Catalog, methods: Iterable[str], url: str, version: str) -> list[web.RouteDef]:
    """`/openapi.json`."""
    body = orjson.dumps(describe(catalog, methods, url, version))

    async def answer(_: web.Request) -> web.StreamResponse:
        return json_response(body, keep=for_everybody(KEEP_SECONDS))

    return [web.get("/openapi.json", answer)]


def describe(catalog: Catalog, methods: Iterable[str], url: str, version: str) -> Json:
    """The OpenAPI 3.1 document of these methods, served at this origin."""
    schemas = _Schemas(catalog)
    paths = {f"/xrpc/{nsid}": {"get": _operation(nsid, schemas)} for nsid in sorted(methods)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "plyr-appview", "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": url}],
        "security": [{}, {"serviceToken": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _error([]), **schemas.complete()},
            "responses": {error.__name__: _refusal(text, "Error") for error, text in _EVERYWHERE},
            "securitySchemes": {"serviceToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(nsid: str, schemas: _Schemas) -> Json:
    query = schemas.catalog.query(nsid).definition
    answer: Json = {"description": "The answer."}
    if query.output:
        body = schemas.of(query.output.schema_, nsid) if query.output.schema_ else {}
        answer["content"] = {query.output.encoding: {"schema": body}}
    return {
        "operationId": nsid,
        "tags": [nsid.rpartition(".")[0]],
        "description": query.description or "",
        "parameters": _parameters(query.parameters, nsid, schemas),
        "responses": {
            "200": answer,
            "304": {"description": "The answer is the one whose ETag the request names."},
            "400": _named(query),
            **{str(error.status): {"$ref": f"#/components/responses/{error.__name__}"} for error, _ in _EVERYWHERE},
        },
    }


def _named(query: Query) -> Json:
    """The refusals that the method's lexicon names, and the one that all have."""
    own = [error for error in query.errors if error.name != AuthMissing.__name__]  # a 401, as all have
    names = sorted({"InvalidRequest", *(error.name for error in own)})
    told = [f"`{error.name}`: {error.description or ''}" for error in own]
    text = " ".join(["A parameter is wrong.", *told])
    return {"description": text, "content": {JSON_TYPE: {"schema": _error(names)}}}


def _refusal(text: str, schema: str) -> Json:
    return {"description": text, "content": {JSON_TYPE: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _error(names: list[str]) -> Json:
    name: Json = {"type": "string", "enum": names} if names else {"type": "string"}
    return {
        "type": "object",
        "required": ["error", "message"],
        "properties": {"error": name, "message": {"type": "string"}},
    }


def _parameters(params: Params | None, nsid: str, schemas: _Schemas) -> list[Json]:
    if params is None:
        return []
    return [
        {
            "name": name,
            "in": "query",
            "required": name in params.required,
            "description": schema.description or "",
            "schema": schemas.of(schema, nsid),
        }
        for name, schema in params.properties.items()
    ]


class _Schemas:
    """JSON Schemas made of lexicon schemas; what they refer to is gathered, to be made as well."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._asked: dict[str, tuple[str, str]] = {}

    def of(self, schema: Schema, home: str) -> Json:
        """The JSON Schema of a lexicon schema that stands in the lexicon `home`."""
        made = self._shape(schema, home)
        return {**made, "description": schema.description} if schema.description else made

    def complete(self) -> Json:
        """Every schema that was referred to, by the name of its component."""
        made: Json = {}
        while pending := [name for name in self._asked if name not in made]:
            for name in pending:
                nsid, definition = self._asked[name]
                made[name] = self.of(self.catalog.document(nsid).defs[definition], nsid)
        return dict(sorted(made.items()))

    def _shape(self, schema: Schema, home: str) -> Json:
        match schema:
            case Array():
                items = self.of(schema.items, home)
                made = _given(type="array", items=items, minItems=schema.min_length, maxItems=schema.max_length)
            case Object():
                made = self._object(schema, home)
            case Ref():
                made = self._reference(schema.ref, home)
            case Union():
                made = {"anyOf": [self._reference(ref, home) for ref in schema.refs]}
            case _:
                made = _scalar(schema)
        return made

    def _object(self, schema: Object, home: str) -> Json:
        properties = {name: self._field(schema, name, field, home) for name, field in schema.properties.items()}
        return {"type": "object", "required": schema.required, "properties": properties}

    def _field(self, parent: Object, name: str, field: FieldSchema, home: str) -> Json:
        made = self.of(field, home)
        return {"anyOf": [made, {"type": "null"}]} if name in parent.nullable else made

    def _reference(self, ref: str, home: str) -> Json:
        nsid, _, name = (home + ref if ref.startswith("#") else ref).partition("#")
        component = f"{nsid}.{name}" if name else nsid
        self._asked[component] = (nsid, name or "main")
        return {"$ref": f"#/components/schemas/{component}"}


def _scalar(schema: Schema) -> Json:
    match schema:
        case Boolean():
            return _given(type="boolean", const=schema.const, default=schema.default)
        case Integer():
            bounds = {"minimum": schema.minimum, "maximum": schema.maximum}
            return _given(type="integer", enum=schema.enum, const=schema.const, default=schema.default, **bounds)
        case String():
            bounds = {"minLength": 1 if schema.min_length else None, "maxLength": schema.max_length}
            form = schema.format and _FORMATS.get(schema.format)
            text = _given(type="string", enum=schema.enum, const=schema.const, default=schema.default)
            return {**text, **_given(format=form, **bounds)}
        case Token():
            return {"type": "string"}
        case _:
            return _wire(schema)


def _wire(schema: Schema) -> Json:
    """What JSON has no type for, as the protocol writes it."""
    match schema:
        case Bytes():
            fields: Mapping[str, str] = {"$bytes": "string"}
        case CidLink():
            fields = {"$link": "string"}
        case Blob():
            fields = {"$type": "string", "ref": "object", "mimeType": "string", "size": "integer"}
        case _:
            return {"type": "object"}
    properties = {name: {"type": kind} for name, kind in fields.items()}
    return {"type": "object", "required": list(fields), "properties": properties}


def _given(**keywords: Any) -> Json:
    return {name: value for name, value in keywords.items() if value is not None}
