"""Every query that is served, by NSID. A new one is its lexicon, a handler and its SQL in the group's two files, a line
here, and a test."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from appview.queries import (
    activity,
    actor,
    albums,
    feed,
    identity,
    links,
    lists,
    repo,
    search,
    stats,
    tags,
    taste,
    teal,
    teal_actor,
)
from appview.queries.base import Handler

QUERIES: Mapping[str, Handler] = {
    "blue.microcosm.links.getBacklinkDids": links.get_backlink_dids,
    "blue.microcosm.links.getBacklinks": links.get_backlinks,
    "blue.microcosm.links.getBacklinksCount": links.get_backlinks_count,
    "com.atproto.identity.resolveHandle": identity.resolve_handle,
    "com.atproto.repo.getRecord": repo.get_record,
    "com.atproto.repo.listRecords": repo.list_records,
    "fm.plyr.actor.getListeners": actor.get_listeners,
    "fm.plyr.actor.getNowPlaying": actor.get_now_playing,
    "fm.plyr.actor.getProfile": actor.get_profile,
    "fm.plyr.actor.getProfiles": actor.get_profiles,
    "fm.plyr.album.getActorAlbums": albums.get_actor_albums,
    "fm.plyr.album.getAlbum": albums.get_album,
    "fm.plyr.album.getLatestAlbums": albums.get_latest_albums,
    "fm.plyr.feed.getActivity": activity.get_activity,
    "fm.plyr.feed.getActorLikes": activity.get_actor_likes,
    "fm.plyr.actor.searchActors": search.search_actors,
    "fm.plyr.feed.getActorTracks": feed.get_actor_tracks,
    "fm.plyr.feed.getComments": feed.get_comments,
    "fm.plyr.feed.getForYou": taste.get_for_you,
    "fm.plyr.feed.getLatestTracks": feed.get_latest_tracks,
    "fm.plyr.feed.getSimilarTracks": taste.get_similar_tracks,
    "fm.plyr.feed.getTrack": feed.get_track,
    "fm.plyr.feed.getTrackLikes": feed.get_track_likes,
    "fm.plyr.feed.getTracks": feed.get_tracks,
    "fm.plyr.list.getActorLists": lists.get_actor_lists,
    "fm.plyr.list.getList": lists.get_list,
    "fm.plyr.list.getListsWithTrack": lists.get_lists_with_track,
    "fm.plyr.scrobble.getLatest": teal.get_latest,
    "fm.plyr.search.searchAll": search.search_all,
    "fm.plyr.search.searchTracks": search.search_tracks,
    "fm.plyr.stats.getStats": stats.get_stats,
    "fm.plyr.tag.getTagTracks": tags.get_tag_tracks,
    "fm.plyr.tag.getTags": tags.get_tags,
    "fm.teal.actor.getProfile": teal_actor.get_profile,
    "fm.teal.actor.getProfiles": teal_actor.get_profiles,
    "fm.teal.actor.getStatus": teal_actor.get_status,
    "fm.teal.actor.searchActors": teal_actor.search_actors,
    "fm.teal.alpha.actor.getProfile": partial(teal_actor.get_profile, alpha=True),
    "fm.teal.alpha.actor.getProfiles": teal_actor.get_profiles,
    "fm.teal.alpha.actor.searchActors": teal_actor.search_actors,
    "fm.teal.alpha.feed.getActorFeed": partial(teal.get_actor_feed, alpha=True),
    "fm.teal.alpha.feed.getPlay": partial(teal.get_play, alpha=True),
    "fm.teal.alpha.stats.getLatest": partial(teal.get_latest, alpha=True),
    "fm.teal.feed.getActorFeed": teal.get_actor_feed,
    "fm.teal.feed.getPlay": teal.get_play,
    "fm.teal.stats.getLatest": teal.get_latest,
}
