"""`python -m tests.appview.teal_wire.write_set`: write requests.json and shapes.json from the published lexicons.

A request is a method, its parameters (`{did}` and so on stand for the names of the scene) and what is expected: `gives`
is "answer" or the error's name, `as` other parameters that get the very same answer, `most` how many items at most.
A shape holds every field that is published, and of others only the extensions that are named here. Lexicons count bytes
where JSON Schema counts characters, of which there are never more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "fixtures" / "reference-lexicons"
TEXT = {"type": "string"}
PLAY_EXTENSIONS: dict[str, Any] = {
    "uri": {"type": "string", "pattern": "^at://did:"},
    "cid": TEXT,
    "track": {"type": "string", "pattern": "^at://did:"},
    "author": {
        "type": "object",
        "required": ["did", "handle"],
        "additionalProperties": False,
        "properties": {"did": TEXT, "handle": TEXT, "displayName": TEXT, "avatar": TEXT},
    },
}
EXTENSIONS = {f"fm.teal.{alpha}feed.defs.playView": PLAY_EXTENSIONS for alpha in ("", "alpha.")}
PAGED = ("getActorFeed", "getLatest")  # their answers carry a cursor that is not published
PATTERNS = {
    "at-identifier": r"^(did:[a-z]+:\S+|[a-z0-9.-]+\.[a-z]+)$",
    "cid": r"^b[a-z2-7]{20,}$",
    "datetime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
    "did": r"^did:[a-z]+:\S+$",
    "handle": r"^[a-z0-9-]+(\.[a-z0-9-]+)+$",
    "record-key": r"^[A-Za-z0-9.:_~-]{1,512}$",
    "uri": r"^[a-z][a-z0-9+.-]*:\S+$",
}
# What a client would send: by DID, and whatever names the same account otherwise.
GIVEN: dict[str, Any] = {
    "actor": "{did}",
    "actors": ["{did}", "{fan}"],
    "authorDID": "{did}",
    "q": "{beginning}",
    "rkey": "{rkey}",
}
OTHERWISE: dict[str, list[Any]] = {
    "actor": ["{handle}", "{HANDLE}", "@{handle}"],
    "actors": [["{handle}", "{fan}"], ["{did}", "{unknown}", "{fanhandle}"]],
    "authorDID": ["{handle}", "@{handle}"],
}
UNKNOWN = {"getPlay": "PlayNotFound"}


def published() -> dict[str, dict[str, Any]]:
    """Every published lexicon by its id."""
    documents = (json.loads(path.read_bytes()) for path in PUBLISHED.rglob("*.json"))
    return {document["id"]: document for document in documents}


def methods() -> dict[str, dict[str, Any]]:
    """The definition of every query of teal, of both generations, by its id."""
    mains = {nsid: document["defs"].get("main", {}) for nsid, document in published().items()}
    return {nsid: main for nsid, main in sorted(mains.items()) if main.get("type") == "query" and ".teal." in nsid}


def shapes() -> dict[str, Any]:
    """JSON Schemas: `methods` of the answers, `$defs` of what they refer to."""
    definitions: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for nsid, main in methods().items():
        answer = _schema(main["output"]["schema"], nsid, definitions)
        if nsid.endswith(PAGED):
            answer["properties"]["cursor"] = TEXT
        answers[nsid] = answer
    return {"methods": answers, "$defs": dict(sorted(definitions.items()))}


def _schema(published_schema: Mapping[str, Any], home: str, definitions: dict[str, Any]) -> dict[str, Any]:
    match published_schema:
        case {"type": "ref", "ref": ref}:
            return _reference(ref, home, definitions)
        case {"type": "union", "refs": refs}:
            return {"anyOf": [_reference(ref, home, definitions) for ref in refs]}
        case {"type": "array", "items": items}:
            return {"type": "array", "items": _schema(items, home, definitions)}
        case {"type": "object", "properties": properties}:
            fields = {name: _schema(each, home, definitions) for name, each in properties.items()}
            required = published_schema.get("required", [])
            return {"type": "object", "required": required, "additionalProperties": False, "properties": fields}
        case {"type": "string"}:
            pattern = {"pattern": PATTERNS[published_schema["format"]]} if "format" in published_schema else {}
            lengths = {name: published_schema[name] for name in ("minLength", "maxLength") if name in published_schema}
            return {"type": "string", **pattern, **lengths}
        case _:
            return {"type": published_schema["type"]}


def _reference(ref: str, home: str, definitions: dict[str, Any]) -> dict[str, Any]:
    nsid, _, name = (home + ref if ref.startswith("#") else ref).partition("#")
    full = f"{nsid}.{name or 'main'}"
    if full not in definitions:
        schema = _schema(published()[nsid]["defs"][name or "main"], nsid, definitions)
        schema["properties"] |= EXTENSIONS.get(full, {"$type": TEXT} if "richtext" in nsid else {})
        definitions[full] = schema
    return {"$ref": f"#/$defs/{full}"}


def requests() -> list[dict[str, Any]]:
    """For every method what a client may send, and what it may not."""
    return [{"method": nsid, **request} for nsid, main in methods().items() for request in _requests(nsid, main)]


def _requests(nsid: str, main: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    required = main["parameters"].get("required", [])
    plain = {name: GIVEN[name] for name in required}
    yield {"params": plain, "gives": "answer"}
    yield {"params": {**plain, "unheardOf": "1"}, "gives": "answer", "as": plain}
    for name in required:
        yield {"params": {key: value for key, value in plain.items() if key != name}, "gives": "InvalidRequest"}
        for value in OTHERWISE.get(name, ()):
            yield {"params": {**plain, name: value}, "gives": "answer", "as": plain}
        if name in ("actor", "authorDID"):
            yield {
                "params": {**plain, name: "{unknown}"},
                "gives": UNKNOWN.get(nsid.rpartition(".")[2], "ActorNotFound"),
            }
    if "rkey" in required:
        yield {"params": {**plain, "rkey": "{norkey}"}, "gives": "PlayNotFound"}
    for name, schema in main["parameters"]["properties"].items():
        for value, outcome in _values(name, schema):
            yield {"params": {**plain, name: value}, **outcome}
        if "default" in schema:
            yield {"params": {**plain, name: schema["default"]}, "gives": "answer", "as": plain}


def _values(name: str, schema: Mapping[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Values of one parameter at and beyond its published limits."""
    refused = "InvalidRequest"
    for value in schema.get("enum", ()):
        yield value, {"gives": "answer"}
    if "enum" in schema:
        yield "nonsense", {"gives": refused}
        yield "", {"gives": refused}
    if schema["type"] == "integer":
        yield "many", {"gives": refused}
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is not None:
            yield least, {"gives": "answer", "most": least}
            yield least - 1, {"gives": refused}
        if most is not None:
            yield most, {"gives": "answer", "most": most}
            yield most + 1, {"gives": refused}
        else:
            yield 1, {"gives": "answer", "most": 1}
            yield 1000, {"gives": "answer"}
    if name == "cursor":
        yield "nonsense", {"gives": refused}
    if "format" in schema:
        yield "x y", {"gives": refused}
    if "format" in schema.get("items", ()):
        yield ["x y"], {"gives": refused}
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1), {"gives": refused}


def texts() -> dict[str, str]:
    """The files of the set, by name."""
    files = {"requests.json": requests(), "shapes.json": shapes()}
    return {name: json.dumps(content, indent=1, ensure_ascii=False) + "\n" for name, content in files.items()}


if __name__ == "__main__":
    for name, text in texts().items():
        (HERE / name).write_text(text, encoding="utf-8")
