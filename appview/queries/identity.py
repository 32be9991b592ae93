"""com.atproto.identity: whose a handle is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from appview.errors import HandleNotFound
from appview.queries.base import VIEWS, Call, Reads
from protocol.syntax import AtUri, Did, Handle
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)


async def by_did(params: Mapping[str, Any], names: Sequence[str], reads: Reads) -> Mapping[str, Any]:
    """Parameters in which accounts are known by their DIDs: of those named, each handle that is indexed is replaced.

    One that is not stays, and is nobody's DID. A statement, if there is any handle.
    """
    given = {name: params[name] for name in names if name in params}
    handles = {handle for value in given.values() for handle in _handles(value)}
    if not handles:
        return params
    found = await asyncio.gather(*(reads.rows_of(SQL["holders"], (handle,)) for handle in sorted(handles)))
    dids = {row["handle"]: Did(row["did"]) for rows in found for row in rows}
    return {**params, **{name: _renamed(value, dids) for name, value in given.items()}}


def _handles(value: Any) -> Iterable[Handle]:
    match value:
        case Handle():
            yield value
        case AtUri(authority=Handle() as handle):
            yield handle
        case list():
            for each in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _handles(each)
        case _:
            return


def _renamed(value: Any, dids: Mapping[str, Did]) -> Any:
    match value:
        case Handle():
            return dids.get(value, value)
        case AtUri():
            return value._replace(authority=dids.get(value.authority, value.authority))
        case list():
            return [_renamed(each, dids) for each in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value


async def resolve_handle(call: Call) -> str:
    """The account that has a handle: as indexed, else as the network says."""
    did = await _holder(call)
    if did is None:
        raise HandleNotFound
    return orjson.dumps({"did": did}).decode()


async def _holder(call: Call) -> Did | None:
    handle = call.params["handle"]
    for row in await call.reads.rows_of(SQL["holders"], (handle,)):
        return Did(row["did"])
    found = await call.handles.resolve(handle) if call.handles else None
    if found is None:
        return None
    [row] = await call.reads.rows(SQL["is_hidden"], found)
    return None if row["hidden"] else found
