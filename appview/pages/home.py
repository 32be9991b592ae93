"""`/`: what this is, what it has indexed, and where to go on.

The figures, the latest tracks and who is listening come from the same queries that clients call, three statements a
page. A few lines of script fetch the page again now and then and put its live part in place of the old one, so that
there is one rendering of everything. All that people wrote is escaped, and the page may load nothing but pictures.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import web

import lexicons
from appview.errors import AlbumNotFound, AuthMissing, ListNotFound, ServiceUnavailable
from appview.queries import QUERIES
from appview.queries.base import Call, Reads
from lexicons.language import Array, Query, String
from runtime.settings import Settings

TRACKS_SHOWN = 12
LISTENERS_SHOWN = 8
FIGURES = (
    ("trackCount", "tracks"),
    ("artistCount", "artists"),
    ("likeCount", "likes"),
    ("commentCount", "comments"),
    ("scrobbleCount", "plays"),
    ("repoCount", "repositories"),
)
# What refuses so is about something of which there is no example at hand.
NO_EXAMPLE = {error.__name__ for error in (AuthMissing, ListNotFound, AlbumNotFound)}

_FOLDER = Path(__file__).parent
_PAGE = Template((_FOLDER / "home.html").read_text(encoding="utf-8"))
_STYLE = (_FOLDER / "home.css").read_text(encoding="utf-8")
_SCRIPT = (_FOLDER / "home.js").read_text(encoding="utf-8")


def routes(settings: Settings, reads: Reads) -> list[web.RouteDef]:
    """`/`."""
    headers = {"Content-Security-Policy": _policy(), "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

    async def home(_: web.Request) -> web.StreamResponse:
        try:
            live, example, status = *await _live(reads), 200
        except ServiceUnavailable as fault:
            live, example, status = f"<p class=away>{escape(str(fault))}</p>", {}, fault.status
        page = _PAGE.substitute(
            style=_STYLE,
            script=_SCRIPT,
            live=live,
            methods=_methods(example),
            did=escape(settings.service_did),
        )
        return web.Response(text=page, content_type="text/html", status=status, headers=headers)

    return [web.get("/", home)]


def _policy() -> str:
    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {digest(_STYLE)}; script-src {digest(_SCRIPT)}; "
        "connect-src 'self'; img-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


async def _live(reads: Reads) -> tuple[str, dict[str, str]]:
    """The part that changes, and for formats of parameters, or names, an example that answers.

    Raises ServiceUnavailable.
    """
    stats = orjson.loads(await QUERIES["fm.plyr.stats.getStats"](Call({}, reads)))
    latest = await QUERIES["fm.plyr.feed.getLatestTracks"](Call({"limit": TRACKS_SHOWN}, reads))
    tracks: list[dict[str, Any]] = orjson.loads(latest)["tracks"]
    now = await QUERIES["fm.plyr.actor.getListeners"](Call({"limit": LISTENERS_SHOWN}, reads))
    listeners: list[dict[str, Any]] = orjson.loads(now)["listeners"]
    return _figures(stats) + _tracks(tracks) + _listeners(listeners), _examples(tracks)


def _examples(tracks: list[dict[str, Any]]) -> dict[str, str]:
    if not tracks:
        return {}
    uri, author = tracks[0]["uri"], tracks[0]["author"]
    _, _, _, collection, rkey = uri.split("/")
    return {
        "at-uri": uri,
        "at-identifier": author["did"],
        "handle": author["handle"],
        "nsid": collection,
        "record-key": rkey,
        "uri": uri,
        "source": "fm.plyr.like:subject.uri",
        "q": author["handle"],
        "tag": "ambient",
        "metric": "tracks",
    }


def _figures(stats: dict[str, Any]) -> str:
    shown = "".join(f"<div><dt>{name}</dt><dd>{stats[key]:,}</dd></div>" for key, name in FIGURES)
    read = f"read up to {_time(stats['indexedAt'])}" if "indexedAt" in stats else "nothing read yet"
    hours = stats["totalDuration"] // 3600
    return f"<dl>{shown}</dl><p class=faint>{hours:,} hour{'s' * (hours != 1)} of audio &middot; {read}</p>"


def _tracks(tracks: list[dict[str, Any]]) -> str:
    items = "".join(map(_track, tracks)) or "<li class=faint>None yet.</li>"
    return f"<section><h2>Latest tracks</h2><ul>{items}</ul></section>"


def _track(track: dict[str, Any]) -> str:
    likes = f" &middot; {track['likeCount']:,}&nbsp;&hearts;" if track["likeCount"] else ""
    link = "/xrpc/fm.plyr.feed.getTrack?" + urlencode({"uri": track["uri"]})
    return (
        f"<li>{_picture(track.get('image'), track['title'])}<div>"
        f'<a href="{escape(link)}">{_said(track["title"])}</a> <span>{_said(track["artist"])}</span>'
        f"<p class=faint>{_who(track['author'])} &middot; {_time(track['createdAt'])}{likes}</p></div></li>"
    )


def _listeners(listeners: list[dict[str, Any]]) -> str:
    items = "".join(map(_listener, listeners)) or "<li class=faint>Nobody at this moment.</li>"
    return f"<section><h2>Listening now</h2><ul>{items}</ul></section>"


def _listener(listener: dict[str, Any]) -> str:
    item = listener["item"]
    artists = ", ".join(artist["artistName"] for artist in item["artists"])
    return (
        f"<li>{_picture(listener['author'].get('avatar'), listener['author']['handle'])}<div>"
        f"<b>{_said(item['trackName'])}</b> <span>{_said(artists)}</span>"
        f"<p class=faint>{_who(listener['author'])}</p></div></li>"
    )


def _who(author: dict[str, Any]) -> str:
    handle, name = author["handle"], author["displayName"]
    return escape(f"@{handle}") if name == handle else f"{_said(name)} <span>{escape(f'@{handle}')}</span>"


def _said(text: str) -> str:
    """What a person wrote, of either direction, without turning round what stands beside it."""
    return f"<bdi>{escape(text)}</bdi>"


def _picture(url: str | None, name: str) -> str:
    """A picture, or the first letter of a name where there is none; the style shows it where one fails to load, too."""
    initial = escape(name[:1].upper())
    if url and url.startswith(("https://", "http://")):
        return f'<img src="{escape(url)}" alt="" data-initial="{initial}" loading=lazy width=44 height=44>'
    return f"<i aria-hidden=true>{initial}</i>"


def _time(text: str) -> str:
    seconds = max(0, (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f'<time datetime="{text}">{seconds // size:,.0f} {unit} ago</time>'
    return f'<time datetime="{text}">now</time>'


def _methods(example: dict[str, str]) -> str:
    """Every method, described by its lexicon, with a link that answers where an example is at hand."""
    rows: list[str] = []
    for nsid in QUERIES:
        definition = lexicons.load().query(nsid).definition
        query = _example(definition, example)
        name = escape(nsid) if query is None else f'<a href="{escape(f"/xrpc/{nsid}{query}")}">{escape(nsid)}</a>'
        rows.append(f"<li>{name}<p class=faint>{escape(definition.description or '')}</p></li>")
    return "".join(rows)


def _example(definition: Query, example: dict[str, str]) -> str | None:
    """A query string with every required parameter; None without an example for each, or for want of a token."""
    if any(error.name in NO_EXAMPLE for error in definition.errors):
        return None
    given: dict[str, str] = {}
    for name in definition.parameters.required if definition.parameters else ():
        assert definition.parameters
        schema = definition.parameters.properties[name]
        schema = schema.items if isinstance(schema, Array) else schema
        value = example.get(schema.format or name) if isinstance(schema, String) else None
        if value is None or (name == "rkey" and "collection" not in given):  # a key means something in a collection
            return None
        given[name] = value
    return f"?{urlencode(given)}" if given else ""
