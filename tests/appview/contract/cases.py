"""Every query that is served, and how to ask it about the town: what `test_every_query_has_a_case` asks for.

A line is the method, its parameters (`{did}`, `{track}` and so on stand for the names in `town.py`), and what differs
from most: see `Case`. Several lines may ask one method differently; let one of them take its most statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.appview.contract.town import Town


@dataclass(frozen=True, slots=True)
class Case:
    """One way to ask a query.

    `about`: what the happy answer mentions ("" for a figure about everybody). `items`: the list that pages, if any.
    `most`: its largest page. `moving`: its order goes by counts that others change, so that it is paged in a town that
    they only widen meanwhile. `signed`: the answer is for somebody in particular.
    """

    nsid: str
    params: Mapping[str, str | list[str]] = field(default_factory=dict[str, "str | list[str]"])
    about: str = "{did}"
    items: str | None = None
    most: int = 100
    moving: bool = False
    signed: bool = False

    def asked(self, town: Town) -> dict[str, Any]:
        """The parameters in this town."""
        return {
            name: [each.format_map(town.names) for each in value]
            if isinstance(value, list)
            else value.format_map(town.names)
            for name, value in self.params.items()
        }

    def __str__(self) -> str:
        return " ".join([self.nsid, *(f"{name}={value}" for name, value in self.params.items())])


LIKES = {"subject": "{track}", "source": "fm.plyr.like:subject.uri"}
CASES = [
    Case("blue.microcosm.links.getBacklinkDids", LIKES, about="{fan}", items="linking_dids"),
    Case("blue.microcosm.links.getBacklinks", LIKES, about="{fan}", items="records"),
    Case("blue.microcosm.links.getBacklinks", {**LIKES, "reverse": "true"}, about="{fan}", items="records"),
    Case("blue.microcosm.links.getBacklinksCount", LIKES, about=""),
    Case("com.atproto.identity.resolveHandle", {"handle": "{handle}"}),
    Case("com.atproto.repo.getRecord", {"repo": "{handle}", "collection": "fm.plyr.track", "rkey": "{song}"}),
    Case("com.atproto.repo.listRecords", {"repo": "{did}", "collection": "fm.plyr.track"}, items="records"),
    Case(
        "com.atproto.repo.listRecords",
        {"repo": "{handle}", "collection": "fm.teal.feed.play", "reverse": "true"},
        items="records",
    ),
    Case("fm.plyr.actor.getListeners", items="listeners"),
    Case("fm.plyr.actor.getNowPlaying", {"actor": "{did}"}),
    Case("fm.plyr.actor.getProfile", {"actor": "{handle}"}),
    Case("fm.plyr.actor.getProfiles", {"actors": ["{fan}", "{handle}"]}),
    Case("fm.plyr.album.getActorAlbums", {"actor": "{did}"}, items="albums"),
    Case("fm.plyr.album.getActorAlbums", {"actor": "{fan}"}, about="{fan}", items="albums"),
    Case("fm.plyr.album.getAlbum", {"actor": "{handle}", "slug": "evening"}, items="tracks", most=500),
    Case("fm.plyr.album.getAlbum", {"uri": "{album}"}, about="{fan}", items="tracks", most=500),
    Case("fm.plyr.album.getLatestAlbums", items="albums"),
    Case("fm.plyr.feed.getActivity", {"kinds": ["track", "join"]}, items="items"),
    Case("fm.plyr.feed.getActivity", {"kinds": ["like", "list"]}, items="items"),
    Case("fm.plyr.feed.getActivity", {"kinds": ["comment"]}, items="items"),
    Case("fm.plyr.feed.getActivity", {"actor": "{did}"}, items="items"),
    Case("fm.plyr.feed.getActorLikes", {"actor": "{did}"}, about="{fan}", items="tracks"),
    Case("fm.plyr.actor.searchActors", {"q": "example"}, items="actors", moving=True),
    Case("fm.plyr.feed.getActorTracks", {"actor": "{did}"}, items="tracks"),
    Case("fm.plyr.feed.getActorTracks", {"actor": "{did}", "tags": ["{tag}"]}, items="tracks"),
    Case("fm.plyr.feed.getActorTracks", {"actor": "{handle}", "sort": "popular"}, items="tracks", moving=True),
    Case("fm.plyr.feed.getComments", {"uri": "{track}"}, items="comments"),
    Case("fm.plyr.feed.getComments", {"uri": "{track}", "sort": "newest"}, items="comments"),
    Case("fm.plyr.feed.getComments", {"uri": "{fantrack}"}, items="comments"),
    Case("fm.plyr.feed.getForYou", about="{fan}", items="tracks", moving=True, signed=True),
    Case("fm.plyr.feed.getLatestTracks", items="tracks"),
    Case("fm.plyr.feed.getLatestTracks", {"tags": ["{tag}", "live"]}, items="tracks"),
    Case("fm.plyr.feed.getLatestTracks", {"excludeTags": ["live"]}, items="tracks"),
    Case("fm.plyr.feed.getSimilarTracks", {"uri": "{track}"}, about="{fan}"),
    Case("fm.plyr.feed.getTopTracks", items="tracks", moving=True),
    Case("fm.plyr.feed.getTopTracks", {"by": "likes", "period": "day"}, items="tracks", moving=True),
    Case("fm.plyr.feed.getTopTracks", {"by": "plays"}, items="tracks", moving=True),
    Case("fm.plyr.feed.getTopTracks", {"by": "plays", "period": "year"}, items="tracks", moving=True),
    Case("fm.plyr.feed.getTrack", {"uri": "{track}"}),
    Case("fm.plyr.feed.getTrackLikes", {"uri": "{track}"}, about="{fan}", items="likes"),
    Case("fm.plyr.feed.getTrackLikes", {"uri": "{fantrack}"}, items="likes"),
    Case("fm.plyr.feed.getTracks", {"uris": ["{track}", "{fantrack}", "{tracks}"]}),
    Case("fm.plyr.feed.getTrendingTracks", {"period": "month"}),
    Case("fm.plyr.list.getActorLists", {"actor": "{handle}"}, items="lists"),
    Case("fm.plyr.list.getActorLists", {"actor": "{did}", "listType": "album"}, items="lists"),
    Case("fm.plyr.list.getList", {"uri": "{list}"}, items="items"),
    Case("fm.plyr.list.getList", {"uri": "{fanlist}"}, items="items"),
    Case("fm.plyr.list.getListsWithTrack", {"uri": "{track}"}, about="{fan}", items="lists"),
    Case("fm.plyr.list.getListsWithTrack", {"uri": "{fantrack}", "listType": "liked"}, items="lists"),
    Case("fm.plyr.scrobble.getArtist", {"artist": "deadmau5"}, about="deadmau5"),
    Case("fm.plyr.scrobble.getLatest", items="plays"),
    Case("fm.plyr.search.searchAll", {"q": "song 1"}),
    Case("fm.plyr.search.searchAll", {"q": "@{handle}", "types": ["artists"]}),
    Case("fm.plyr.search.searchAll", {"q": "{track}"}),
    Case("fm.plyr.search.searchAll", {"q": "even", "types": ["albums", "playlists"]}),
    Case("fm.plyr.search.searchAll", {"q": "#{tag}", "types": ["tags", "tracks"]}),
    Case("fm.plyr.search.searchTracks", {"q": "son"}, items="tracks", moving=True),
    Case(
        "fm.plyr.search.searchTracks",
        {"q": "evenng", "artist": "{handle}", "tag": "{tag}"},
        items="tracks",
        moving=True,
    ),
    Case("fm.plyr.scrobble.getRecording", {"recording": "Song 1", "artist": "deadmau5"}, about="Song 1"),
    Case("fm.plyr.scrobble.getRelease", {"release": "evening 1", "artist": "deadmau5"}, about="Evening"),
    Case("fm.plyr.scrobble.getTopArtists", about="deadmau5", items="artists", moving=True),
    Case("fm.plyr.scrobble.getTopArtists", {"actor": "{handle}"}, about="deadmau5", items="artists", moving=True),
    Case("fm.plyr.scrobble.getTopListeners", items="listeners", moving=True),
    Case("fm.plyr.scrobble.getTopListeners", {"artist": "deadmau5"}, items="listeners", moving=True),
    Case("fm.plyr.scrobble.getTopRecordings", about="Song 1", items="recordings", moving=True),
    Case(
        "fm.plyr.scrobble.getTopRecordings",
        {"actor": "{did}", "artist": "deadmau5", "period": "30days"},
        about="Song 1",
        items="recordings",
        moving=True,
    ),
    Case("fm.plyr.scrobble.getTopReleases", {"period": "7days"}, about="Evening", items="releases", moving=True),
    Case("fm.plyr.scrobble.getTopReleases", {"artist": "deadmau5"}, about="Evening", items="releases", moving=True),
    Case("fm.plyr.scrobble.search", {"q": "dEADm"}, about="deadmau5"),
    Case("fm.plyr.scrobble.search", {"q": "ong 1", "types": ["recordings"]}, about="Song 1"),
    Case("fm.plyr.scrobble.getTrending", about="recordings"),
    Case("fm.plyr.scrobble.getTrending", {"kind": "artists", "period": "day"}, about="artists"),
    Case("fm.plyr.stats.getActorStats", {"actor": "{handle}"}),
    Case("fm.plyr.stats.getHistogram", {"metric": "plays"}, about=""),
    Case("fm.plyr.stats.getHistogram", {"metric": "listeners", "actor": "{did}", "days": "7"}, about=""),
    Case("fm.plyr.stats.getStats", about=""),
    Case("fm.plyr.tag.getTagTracks", {"tag": "Jazz"}, items="tracks"),
    Case("fm.plyr.tag.getTagTracks", {"tag": "{tag}", "sort": "popular"}, items="tracks", moving=True),
    Case("fm.plyr.tag.getTags", about="{tag}", items="tags", moving=True),
    Case("fm.plyr.tag.getTags", {"q": "Mood"}, about="mood", items="tags", moving=True),
    Case("fm.teal.actor.getProfile", {"actor": "{handle}"}),
    Case("fm.teal.actor.getProfiles", {"actors": ["{did}", "{fan}"]}),
    Case("fm.teal.actor.getStatus", {"actor": "{did}"}),
    Case("fm.teal.actor.searchActors", {"q": "f"}, about="{fan}", items="actors", most=25),
    Case("fm.teal.alpha.actor.getProfile", {"actor": "{did}"}),
    Case("fm.teal.alpha.actor.getProfiles", {"actors": ["{fan}", "{did}"]}),
    Case("fm.teal.alpha.actor.searchActors", {"q": "Fan"}, about="{fan}", items="actors", most=25),
    Case("fm.teal.alpha.feed.getActorFeed", {"authorDID": "{handle}"}, items="plays"),
    Case("fm.teal.alpha.feed.getPlay", {"authorDID": "{did}", "rkey": "{play}"}),
    Case("fm.teal.alpha.stats.getLatest", items="plays"),
    Case("fm.teal.alpha.stats.getTopArtists", about="deadmau5", items="artists", moving=True),
    Case("fm.teal.alpha.stats.getTopReleases", {"period": "7days"}, about="Evening", items="releases", moving=True),
    Case("fm.teal.alpha.stats.getUserTopArtists", {"actor": "{did}"}, about="deadmau5", items="artists", moving=True),
    Case(
        "fm.teal.alpha.stats.getUserTopReleases", {"actor": "{handle}"}, about="Evening", items="releases", moving=True
    ),
    Case("fm.teal.feed.getActorFeed", {"authorDID": "{did}"}, items="plays"),
    Case("fm.teal.feed.getPlay", {"authorDID": "{handle}", "rkey": "{play}"}),
    Case("fm.teal.stats.getLatest", items="plays"),
    Case("fm.teal.stats.getTopArtists", about="deadmau5", items="artists", moving=True),
    Case("fm.teal.stats.getTopReleases", {"period": "7days"}, about="Evening", items="releases", moving=True),
    Case("fm.teal.stats.getUserTopArtists", {"actor": "{did}"}, about="deadmau5", items="artists", moving=True),
    Case("fm.teal.stats.getUserTopReleases", {"actor": "{handle}"}, about="Evening", items="releases", moving=True),
]
