"""A client of one reference PDS, with the calls that the end-to-end tests make, as a music app would make them.

`Pds.create_account` gives an `Account`, signed in; its methods write to its own repo. Every refusal of the PDS raises
PdsError with the names that it gave. Records are plain dicts; `validate` is left out, as clients do.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiohttp import ClientResponse, ClientSession, encode_basic_auth

from tests.e2e.realnet import PdsInfo

TOKEN = re.compile(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b")
MAIL_DEADLINE = 10.0  # seconds

Record = dict[str, Any]


class PdsError(Exception):
    """The PDS refused a call."""

    def __init__(self, method: str, status: int, error: str, message: str) -> None:
        super().__init__(f"{method}: {status} {error}: {message}")
        self.status = status
        self.error = error


@dataclass(frozen=True)
class Written:
    """What a write answers: the record's address and version, and the repo's rev after it."""

    uri: str
    cid: str
    rev: str

    @property
    def ref(self) -> dict[str, str]:
        """The strongRef by which other records name this one."""
        return {"uri": self.uri, "cid": self.cid}

    @property
    def rkey(self) -> str:
        return self.uri.rsplit("/", 1)[1]


class Pds:
    """One PDS, seen by an app."""

    def __init__(self, http: ClientSession, info: PdsInfo, admin_password: str) -> None:
        self.info = info
        self._http = http
        self._admin = {"authorization": encode_basic_auth("admin", admin_password)}

    async def query(self, method: str, *, token: str | None = None, **params: str | int) -> Any:
        """The JSON answer of a query."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with self._http.get(self._url(method), params=params, headers=headers) as answer:
            return await _json(method, answer)

    async def call(self, method: str, body: Any, *, token: str | None = None, admin: bool = False) -> Any:
        """The JSON answer of a procedure; None when it has none."""
        headers = self._admin if admin else {"authorization": f"Bearer {token}"} if token else {}
        async with self._http.post(self._url(method), json=body, headers=headers) as answer:
            return await _json(method, answer)

    async def send(self, method: str, data: bytes, mime_type: str, *, token: str) -> Any:
        """The JSON answer of a procedure that takes bytes."""
        headers = {"authorization": f"Bearer {token}", "content-type": mime_type}
        async with self._http.post(self._url(method), data=data, headers=headers) as answer:
            return await _json(method, answer)

    async def fetch(self, method: str, **params: str) -> tuple[bytes, str]:
        """The bytes that a query answers with, and their type."""
        async with self._http.get(self._url(method), params=params) as answer:
            if answer.status != 200:
                await _json(method, answer)
            return await answer.read(), answer.content_type

    async def create_account(self, name: str) -> "Account":
        """A new account whose handle is `name` under the domain of this PDS."""
        return await self.open_account(name, {})

    async def open_account(self, name: str, arrival: Record, *, token: str | None = None) -> "Account":
        """The same; `arrival` and the service token are those of somebody who brings a DID along."""
        handle = f"{name}{self.info.handle_domain}"
        email, password = f"{name}@example.com", f"password of {name}"
        body = {"handle": handle, "email": email, "password": password, **arrival}
        answer = await self.call("com.atproto.server.createAccount", body, token=token)
        return Account(self, answer["did"], handle, email, password, answer["accessJwt"])

    async def list_records(self, did: str, collection: str) -> AsyncIterator[Record]:
        """Every record ({uri, cid, value}) that the PDS holds of a collection, page after page."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.query(
                "com.atproto.repo.listRecords", repo=did, collection=collection, limit=100, **cursor
            )
            for record in page["records"]:
                yield record
            if "cursor" not in page:
                return
            cursor = {"cursor": page["cursor"]}

    async def collections(self, did: str) -> list[str]:
        """The collections of a repo."""
        return (await self.query("com.atproto.repo.describeRepo", repo=did))["collections"]

    async def takedown(self, did: str, *, applied: bool = True) -> None:
        """What a PDS's operator does to an account; `applied=False` takes it back."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
        body = {"subject": subject, "takedown": {"applied": applied, "ref": "test"}}
        await self.call("com.atproto.admin.updateSubjectStatus", body, admin=True)

    async def mailed_token(self, email: str, *, after: int) -> str:
        """The token in the first mail to `email` past the first `after` characters of the mail log."""
        end = monotonic() + MAIL_DEADLINE
        while monotonic() < end:
            for line in self.mail()[after:].splitlines():
                mail = json.loads(line)
                found = TOKEN.search(mail.get("text") or mail.get("html") or "")
                if mail["to"] == email and found:
                    return found.group()
            await asyncio.sleep(0.05)
        raise TimeoutError(f"no mail with a token came for {email}")

    def mail(self) -> str:
        """The mail log: a JSON object on each line."""
        log = self.info.mail_log
        return log.read_text() if log.exists() else ""

    def _url(self, method: str) -> str:
        return f"{self.info.url}/xrpc/{method}"


@dataclass
class Account:
    """A signed-in account of a PDS."""

    pds: Pds
    did: str
    handle: str
    email: str
    password: str
    token: str = field(repr=False)

    async def sign_in(self) -> None:
        """A new session, in place of the present one."""
        body = {"identifier": self.did, "password": self.password}
        self.token = (await self.pds.call("com.atproto.server.createSession", body))["accessJwt"]

    async def upload_blob(self, data: bytes, mime_type: str) -> dict[str, Any]:
        """The blob object to put into a record."""
        return (await self.pds.send("com.atproto.repo.uploadBlob", data, mime_type, token=self.token))["blob"]

    async def create(self, collection: str, record: Record, *, rkey: str | None = None) -> Written:
        body = {"repo": self.did, "collection": collection, "record": {"$type": collection, **record}}
        if rkey is not None:
            body["rkey"] = rkey
        return _written(await self._call("com.atproto.repo.createRecord", body))

    async def put(self, collection: str, rkey: str, record: Record) -> Written:
        body = {"repo": self.did, "collection": collection, "rkey": rkey, "record": {"$type": collection, **record}}
        return _written(await self._call("com.atproto.repo.putRecord", body))

    async def delete(self, uri: str) -> None:
        _, _, _, collection, rkey = uri.split("/")
        await self._call("com.atproto.repo.deleteRecord", {"repo": self.did, "collection": collection, "rkey": rkey})

    async def apply_writes(self, writes: Sequence[Record]) -> None:
        """Up to 200 writes (of `creation`, `update_of`, `deletion`) in one commit."""
        await self._call("com.atproto.repo.applyWrites", {"repo": self.did, "writes": list(writes)})

    async def get_record(self, collection: str, rkey: str) -> Record:
        """{uri, cid, value}; PdsError RecordNotFound."""
        params = {"repo": self.did, "collection": collection, "rkey": rkey}
        return await self.pds.query("com.atproto.repo.getRecord", **params)

    async def update_handle(self, name: str) -> str:
        """The new handle, `name` under the domain of the PDS."""
        handle = f"{name}{self.pds.info.handle_domain}"
        await self._call("com.atproto.identity.updateHandle", {"handle": handle})
        self.handle = handle
        return handle

    async def deactivate(self) -> None:
        await self._call("com.atproto.server.deactivateAccount", {})

    async def activate(self) -> None:
        await self._call("com.atproto.server.activateAccount", None)

    async def delete_account(self) -> None:
        """Deletes the account for good, with the token that the PDS mails."""
        seen = len(self.pds.mail())
        await self._call("com.atproto.server.requestAccountDelete", None)
        token = await self.pds.mailed_token(self.email, after=seen)
        body = {"did": self.did, "password": self.password, "token": token}
        await self.pds.call("com.atproto.server.deleteAccount", body)

    async def service_token(self, audience: str, method: str) -> str:
        """A service JWT of this account for one method of another service."""
        params = {"aud": audience, "lxm": method}
        return (await self.pds.query("com.atproto.server.getServiceAuth", token=self.token, **params))["token"]

    async def _call(self, method: str, body: Any) -> Any:
        return await self.pds.call(method, body, token=self.token)


def creation(collection: str, record: Record, *, rkey: str) -> Record:
    """A write of `apply_writes` that creates a record."""
    value = {"$type": collection, **record}
    return {"$type": "com.atproto.repo.applyWrites#create", "collection": collection, "rkey": rkey, "value": value}


def update_of(collection: str, record: Record, *, rkey: str) -> Record:
    """A write of `apply_writes` that replaces a record."""
    return {**creation(collection, record, rkey=rkey), "$type": "com.atproto.repo.applyWrites#update"}


def deletion(collection: str, *, rkey: str) -> Record:
    """A write of `apply_writes` that deletes a record."""
    return {"$type": "com.atproto.repo.applyWrites#delete", "collection": collection, "rkey": rkey}


def _written(answer: Any) -> Written:
    return Written(answer["uri"], answer["cid"], answer["commit"]["rev"])


async def _json(method: str, answer: ClientResponse) -> Any:
    body = json.loads(await answer.read() or b"null")
    if answer.status != 200:
        said = body or {}
        raise PdsError(method, answer.status, said.get("error", ""), said.get("message", ""))
    return body
