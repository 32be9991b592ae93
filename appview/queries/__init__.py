"""Every query that is served, by NSID. A new one is its lexicon, a handler and its SQL in the group's two files, a line
here, and a test."""

from __future__ import annotations

from collections.abc import Mapping

from appview.queries import actor, feed, stats, teal
from appview.queries.base import Handler

QUERIES: Mapping[str, Handler] = {
    "fm.plyr.actor.getNowPlaying": actor.get_now_playing,
    "fm.plyr.actor.getProfile": actor.get_profile,
    "fm.plyr.feed.getActorTracks": feed.get_actor_tracks,
    "fm.plyr.feed.getComments": feed.get_comments,
    "fm.plyr.feed.getLatestTracks": feed.get_latest_tracks,
    "fm.plyr.feed.getTrack": feed.get_track,
    "fm.plyr.feed.getTrackLikes": feed.get_track_likes,
    "fm.plyr.feed.getTracks": feed.get_tracks,
    "fm.plyr.stats.getStats": stats.get_stats,
    "fm.teal.feed.getActorFeed": teal.get_actor_feed,
}
