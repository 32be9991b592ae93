"""fm.plyr.album: albums, whether they are lists or tracks that name the same one."""

from __future__ import annotations

from appview.cursors import END_OF_TIME, START_OF_TIME, Listing
from appview.errors import ActorNotFound, AlbumNotFound, InvalidRequest
from appview.queries.base import VIEWS, Call, Rows, both, only, page, uri_parts
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

ON_LIST = Listing("fm.plyr.album.getAlbum by list", -1)
BY_NAME = Listing("fm.plyr.album.getAlbum by name", START_OF_TIME, "")
BY_ACTOR = Listing("fm.plyr.album.getActorAlbums", "")
LATEST = Listing("fm.plyr.album.getLatestAlbums", END_OF_TIME, 0, "")


async def get_album(call: Call) -> str:
    """One album with its tracks."""
    limit = call.params["limit"]
    found = await _album(call)
    if not found:
        raise AlbumNotFound
    by_list = found[0]["by_list"]
    query, listing = (SQL["tracks_on_list"], ON_LIST) if by_list else (SQL["tracks_by_name"], BY_NAME)
    key = found[0]["account_id"], found[0]["album"]
    rows = await call.reads.rows(query, *key, *call.after(listing), limit + 1, call.viewer_id)
    return both(only("album", found), page("tracks", rows, limit, listing))


async def get_actor_albums(call: Call) -> str:
    """One account's albums."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["actor_albums"], call.params["actor"], *call.after(BY_ACTOR), limit + 1)
    if not rows:
        raise ActorNotFound
    return page("albums", rows, limit, BY_ACTOR)


async def get_latest_albums(call: Call) -> str:
    """Everybody's albums."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["latest_albums"], *call.after(LATEST), limit + 1)
    return page("albums", rows, limit, LATEST)


async def _album(call: Call) -> Rows:
    params = call.params
    if "uri" in params:
        return await call.reads.rows(SQL["album_by_uri"], *uri_parts(params["uri"]))
    for name in ("actor", "slug"):
        if name not in params:
            raise InvalidRequest(f"Parameter '{name}' is required unless 'uri' is given")
    return await call.reads.rows(SQL["album_by_slug"], params["actor"], params["slug"])
