"""Every way in which a request is refused. A class's name is what the client reads as `error`, its docstring is the
message where none is given. Those of the lexicons, like `TrackNotFound`, are of status 400.

A hidden subject is refused exactly as an unknown one. Spec: https://atproto.com/specs/xrpc#error-responses
"""

from __future__ import annotations

from typing import ClassVar

import orjson


class XrpcError(Exception):
    """The request can't be answered."""

    status: ClassVar[int] = 400

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    def body(self) -> bytes:
        """`{"error", "message"}` as JSON."""
        return orjson.dumps({"error": type(self).__name__, "message": str(self)})


class InvalidRequest(XrpcError):
    """A parameter is missing or not as its lexicon asks."""


class ActorNotFound(XrpcError):
    """No such actor is known."""


class TrackNotFound(XrpcError):
    """No such track is known."""


class ListNotFound(XrpcError):
    """No such list is known."""


class AlbumNotFound(XrpcError):
    """No such album is known."""


class PlayNotFound(XrpcError):
    """No such play is known."""


class RecordNotFound(XrpcError):
    """No such record is known."""


class RepoNotFound(XrpcError):
    """No such account is known."""


class HandleNotFound(XrpcError):
    """The handle leads to no account."""


class ArtistNotFound(XrpcError):
    """No such artist is known from plays."""


class ReleaseNotFound(XrpcError):
    """No such release is known from plays."""


class RecordingNotFound(XrpcError):
    """No such recording is known from plays."""


class Unauthorized(XrpcError):
    """The Authorization header is not one with which somebody signs in here."""

    status = 401


class AuthMissing(Unauthorized):
    """A service token is needed: Authorization: Bearer TOKEN."""


class BadJwt(Unauthorized):
    """The token is not a service token of the protocol."""


class BadJwtType(Unauthorized):
    """The token is of another type than a service token."""


class BadJwtAudience(Unauthorized):
    """The token is for another service."""


class BadJwtLexiconMethod(Unauthorized):
    """The token is for another method."""


class BadJwtSignature(Unauthorized):
    """The token is not signed with the current key of its issuer."""


class BadJwtIss(Unauthorized):
    """The issuer of the token is no active account."""


class JwtExpired(Unauthorized):
    """The token has expired."""


class JwtReplayed(Unauthorized):
    """The token was used before."""


class NotFound(XrpcError):
    """Nothing is served at this path."""

    status = 404


class MethodNotAllowed(XrpcError):
    """This is read with GET."""

    status = 405


class RateLimitExceeded(XrpcError):
    """Too many requests; come again after Retry-After seconds."""

    status = 429


class InternalServerError(XrpcError):
    """Something failed here; it is in our log."""

    status = 500


class MethodNotImplemented(XrpcError):
    """This service does not have that method."""

    status = 501


class ServiceUnavailable(XrpcError):
    """The service can't answer now; try again in a moment."""

    status = 503
