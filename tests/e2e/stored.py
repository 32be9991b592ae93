"""What the index holds, whatever any view shows: a look into its database, past the read API."""

from base64 import b32encode
from collections.abc import Iterable

import asyncpg


async def records(dsn: str, did: str) -> dict[str, str]:
    """at-uri -> cid of every raw record of an account."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT collection, rkey, cid FROM record JOIN account ON account.id = account_id WHERE did = $1", did
        )
    finally:
        await connection.close()
    return {f"at://{did}/{row['collection']}/{row['rkey']}": _text(row["cid"]) for row in rows}


async def synced(dsn: str, dids: Iterable[str]) -> set[str]:
    """Which of the accounts' repos are held whole."""
    return await _dids(dsn, dids, "repo.state = 'synced'")


async def failed(dsn: str, dids: Iterable[str]) -> set[str]:
    """Which of the accounts' repos could not be fetched, or their identities not be resolved, when that was tried."""
    return await _dids(dsn, dids, "repo.state <> 'synced' AND repo.last_error IS NOT NULL")


async def _dids(dsn: str, dids: Iterable[str], condition: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        query = f"SELECT did FROM repo JOIN account ON account.id = account_id WHERE did = ANY ($1) AND {condition}"
        return {row["did"] for row in await connection.fetch(query, list(dids))}
    finally:
        await connection.close()


async def repo_state(dsn: str, did: str) -> str:
    """What the index says of an account's repo, for whoever reads why a test has failed."""
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT repo::text FROM repo JOIN account ON account.id = account_id WHERE did = $1"
        return str(await connection.fetchval(query, did))
    finally:
        await connection.close()


def _text(cid: bytes) -> str:
    """A CID as JSON carries it: multibase base32."""
    return "b" + b32encode(cid).decode().lower().rstrip("=")
