"""What somebody asks for when typing a text: words, or one thing that a link, an at-uri or a handle points to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from protocol.syntax import AtIdentifier, AtUri, SyntaxInvalid, parse_at_identifier
from protocol.text import pg_text, tag
from protocol.words import Sought, sought, squeeze

WORDS_MAX = 12
"""Words of a text that are looked for; further ones do not count."""

_LINK = re.compile(r"(?:https?://)?(?:www\.|stg\.)?(plyr\.fm|bsky\.app)/(\S*)", re.IGNORECASE)
_AT = re.compile(r"at(?:://?|/)(?:at:/{1,2})?(?=[a-z])", re.IGNORECASE)
_HASHTAG = re.compile(r"(?:^|(?<=[\s(\[{\"'\u2018\u201c]))[#\uff03]([^\s#\uff03]\S*)")
_BEHIND = ".,;:!?)]}\"'\u2019\u201d\u2026\u3001\u3002\uff01\uff0c\uff1f"
"""What stands behind a tag in a sentence. Anything else may be of it, as in r&b."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for.

    `whole`: the text as names are compared. `account`: everything must be of this account. `handle`: an account is
    looked for by the beginning of its handle alone. `tags`: a track must have them all. `keys`: the kinds and keys of
    documents of the account, one of which is meant, or 'slug' and that of an album. `all_of_it`: everything of the
    account is meant.
    """

    whole: str = ""
    words: Sequence[Sought] = ()
    account: AtIdentifier | None = None
    handle: str | None = None
    tags: Sequence[str] = ()
    keys: Sequence[tuple[str, str]] = ()
    all_of_it: bool = False

    @property
    def empty(self) -> bool:
        """Nothing can be found."""
        return not (self.whole or self.keys or self.all_of_it or self.handle)


NOTHING = Asked()


def parse(text: str) -> Asked:
    """What the text asks for."""
    text = text.strip()
    if link := _LINK.fullmatch(text):
        return _linked(pg_text(unquote(link[2].split("?")[0].split("#")[0])).strip("/"))
    if text[:5].lower() == "at://":
        return _pointed(text)
    if text.startswith("did:"):
        return _account(text)
    if text.startswith(("@", "\uff20")):
        return _by_handle(text[1:])
    return _plain(text)


def named(text: str) -> Asked:
    """What the text asks for as nothing but a name, or parts of one."""
    return Asked(whole=squeeze(text), words=sought(text)[:WORDS_MAX])


def _plain(text: str) -> Asked:
    """A number is no tag, as in a text that holds some: it is that of a symphony or an episode."""
    tags = [tag(name.rstrip(_BEHIND)) for name in _HASHTAG.findall(text)]
    tagged = [name for name in tags if any(map(str.isalpha, name))]
    return replace(named(text), tags=tagged)


def _linked(path: str) -> Asked:
    """The path of an address of plyr.fm or of Bluesky. Its own numbers of tracks and playlists are not known here."""
    path = path.removeprefix("embed/")
    if at := _AT.match(path):
        return _pointed(f"at://{path[at.end() :]}")
    match path.split("/"):
        case ["u" | "profile", actor]:
            return _account(actor)
        case ["u", actor, "album", slug] if account := _actor(actor):
            return Asked(squeeze(slug), sought(slug)[:WORDS_MAX], account, keys=[("slug", slug)])
        case ["tag", *rest] if rest:
            name = "/".join(rest)
            return replace(named(name), tags=[tag(name)])
        case [actor] if actor.startswith("@"):
            return _account(actor[1:])
        case _:
            return NOTHING


def _pointed(text: str) -> Asked:
    try:
        uri = AtUri.parse(text)
    except SyntaxInvalid:
        return NOTHING
    collection, rkey = uri.collection or "", uri.rkey or ""
    if not collection or collection.endswith(".actor.profile"):
        return _account(uri.authority)
    if collection.endswith(".track"):
        return Asked(account=uri.authority, keys=[("track", rkey)])
    if collection.endswith(".list"):
        return Asked(account=uri.authority, keys=[("playlist", f"list/{rkey}"), ("album", f"list/{rkey}")])
    return NOTHING


def _account(text: str) -> Asked:
    account = _actor(text)
    return Asked(account=account, keys=[("artist", "")]) if account else NOTHING


def _by_handle(text: str) -> Asked:
    handle, _, rest = text.partition(" ")
    account = _actor(handle) if "." in handle else None
    return Asked(
        whole=squeeze(rest),
        words=sought(rest)[:WORDS_MAX],
        account=account,
        handle=squeeze(handle),
        all_of_it=account is not None and not rest.strip(),
    )


def _actor(text: str) -> AtIdentifier | None:
    try:
        return parse_at_identifier(text)
    except SyntaxInvalid:
        return None
