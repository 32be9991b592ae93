"""The older form of backlinks, at the paths and with the parameters of https://constellation.microcosm.blue.

Its clients find here what our collections link to. Paths stand with a leading dot, and a last page says `cursor: null`.
The parameters are described as a lexicon would do it, so that they are read, and refused, like those of any method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from appview.queries import links
from appview.queries.base import Handler
from appview.xrpc import Service, endpoint
from lexicons import Catalog, QuerySchema

_TARGET: Final = {
    "target": {"type": "string", "format": "uri"},
    "collection": {"type": "string", "format": "nsid"},
    "path": {"type": "string", "minLength": 1},
}
_PAGE: Final = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
    "cursor": {"type": "string"},
}
_FILTER: Final = {
    "did": {"type": "array", "items": {"type": "string", "format": "did"}, "maxLength": links.DIDS_MAX},
    "from_dids": {"type": "string"},
    "reverse": {"type": "boolean"},
}
PATHS: Final[Mapping[str, tuple[Handler, dict[str, Any]]]] = {
    "/links": (links.links, {**_TARGET, **_PAGE, **_FILTER}),
    "/links/count": (links.links_count, _TARGET),
    "/links/distinct-dids": (links.distinct_dids, {**_TARGET, **_PAGE}),
    "/links/count/distinct-dids": (links.distinct_dids_count, _TARGET),
}


def routes(service: Service) -> list[web.RouteDef]:
    """A route for each path."""
    return [web.route("*", path, endpoint(schema(path), handler, service)) for path, (handler, _) in PATHS.items()]


def schema(path: str) -> QuerySchema:
    """How a path is asked; under a name of its own, by which its answers are known."""
    name = "blue.microcosm" + path.replace("/", ".").replace("-", "")
    params = {"type": "params", "required": list(_TARGET), "properties": PATHS[path][1]}
    document = {"lexicon": 1, "id": name, "defs": {"main": {"type": "query", "parameters": params}}}
    return Catalog([document]).query(name)
