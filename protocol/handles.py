"""Whose DID a handle leads to: by DNS and by the handle's own web server, or by a host that is trusted to know.

A handle counts only when it leads back to the DID whose document claims it; that comparison is the caller's. What
cannot be told (servers that do not answer) is an error of its own and never means that the handle leads nowhere.
Keeps nothing. Spec: https://atproto.com/specs/handle; sync.md section 5.
"""

from __future__ import annotations

from typing import Any, Final, cast

from protocol.fetch import AddressRefused, AnswerInvalid, AnswerTooLarge, Fetcher, FetchFailed, XrpcError
from protocol.names import NameFailed, Names, NameUnknown
from protocol.syntax import Did, Handle, SyntaxInvalid


class HandleUnresolvable(Exception):
    """Nobody who could say where the handle leads answers at the moment."""


# Names that mean nothing outside of a machine or a network (RFC 6761 and the like). `.test` is for test networks.
_RESERVED: Final = (".alt", ".arpa", ".example", ".internal", ".invalid", ".local", ".localhost", ".onion")


class HandleResolver:
    """Resolves handles. `trusted`: origin whose `resolveHandle` is believed, instead of looking ourselves."""

    def __init__(self, fetcher: Fetcher, names: Names, trusted: str | None = None) -> None:
        self._fetcher = fetcher
        self._names = names
        self._trusted = trusted

    async def resolve(self, handle: Handle) -> Did | None:
        """The DID that the handle leads to; None when it leads nowhere, or to several. Raises HandleUnresolvable."""
        if handle.endswith(_RESERVED):
            return None
        if self._trusted is not None:
            return await self._asked(handle, self._trusted)
        doubt = False
        try:
            claims = {text.removeprefix("did=") for text in await self._texts(handle) if text.startswith("did=")}
            if claims:
                return _did(claims.pop()) if len(claims) == 1 else None
        except NameFailed:
            doubt = True
        found = await self._well_known(handle)
        if found is None and doubt:
            raise HandleUnresolvable(f"{handle}: its name servers do not answer")
        return found

    async def _texts(self, handle: Handle) -> list[str]:
        return await self._names.texts(f"_atproto.{handle}")

    async def _well_known(self, handle: Handle) -> Did | None:
        try:
            return _did((await self._fetcher.get_text(f"https://{handle}/.well-known/atproto-did")).strip())
        except (AddressRefused, AnswerInvalid, AnswerTooLarge):
            return None
        except XrpcError as fault:
            if fault.status >= 500 or fault.status == 429:
                raise HandleUnresolvable(f"{handle}: {fault}") from fault
            return None
        except FetchFailed as fault:
            if _is_unknown_name(fault):
                return None
            raise HandleUnresolvable(str(fault)) from fault

    async def _asked(self, handle: Handle, origin: str) -> Did | None:
        try:
            url = f"{origin}/xrpc/com.atproto.identity.resolveHandle"
            answer = await self._fetcher.get_json(url, {"handle": handle})
        except XrpcError as fault:
            if fault.status in (400, 404):
                return None
            raise HandleUnresolvable(f"{handle}: {fault}") from fault
        except FetchFailed as fault:
            raise HandleUnresolvable(str(fault)) from fault
        return _did(cast("dict[str, Any]", answer).get("did")) if isinstance(answer, dict) else None


def _is_unknown_name(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, NameUnknown):
            return True
        fault = fault.__cause__
    return False


def _did(text: object) -> Did | None:
    try:
        return Did.parse(text) if isinstance(text, str) else None
    except SyntaxInvalid:
        return None
