"""com.atproto.identity: whose a handle is."""

from __future__ import annotations

import orjson

from appview.errors import HandleNotFound
from appview.queries.base import VIEWS, Call
from protocol.syntax import Did
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)


async def resolve_handle(call: Call) -> str:
    """The account that has a handle: as indexed, else as the network says."""
    did = await _holder(call)
    if did is None:
        raise HandleNotFound
    return orjson.dumps({"did": did}).decode()


async def _holder(call: Call) -> Did | None:
    handle = call.params["handle"]
    for row in await call.reads.rows(SQL["holder"], handle):
        return Did(row["did"])
    found = await call.handles.resolve(handle) if call.handles else None
    if found is None:
        return None
    [row] = await call.reads.rows(SQL["is_hidden"], found)
    return None if row["hidden"] else found
