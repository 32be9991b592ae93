"""What crosses collections: counts, exact at every commit, and tables that follow several others.

A projection says what a row contributes (`Contribution`); a `Tally` adds up what rows that came contribute and
subtracts what rows that went did, and is written in one go at the end of a batch (`counts.flush`). Accounts that are
hidden contribute nothing. Then every follower is told what was touched (`follow`); a new one is its module and `.sql`,
its tables in a migration, its line in `FOLLOWERS`.
"""

from indexer.aggregates import (
    albums,
    counts,
    links,
    names,
    played,
    recent,
    search,
    tag_tracks,
    track_plays,
    windows,
)
from indexer.aggregates.counts import Connection, Contribution, Tally, flush, hidden_accounts, set_hidden
from indexer.aggregates.days import utc_day
from indexer.aggregates.following import Follower, Touched
from indexer.aggregates.heard import Change, Heard, credited, heard_of
from indexer.aggregates.names import renamed

# In the order in which they lock what they share; `played`, which is told of accounts that leave as well, comes first,
# and `tag_tracks` and `recent`, which are told what others have counted, last.
FOLLOWERS: tuple[Follower, ...] = (
    played.FOLLOWER,
    names.FOLLOWER,
    albums.FOLLOWER,
    search.FOLLOWER,
    links.FOLLOWER,
    track_plays.FOLLOWER,
    tag_tracks.FOLLOWER,
    recent.FOLLOWER,
)
CHARTS: tuple[windows.Chart, ...] = (played.CHART, recent.CHART)
# What may change the figures of a window, by projection.
IN_WINDOWS = frozenset({"plyr_track", "teal_play"})
TABLES: tuple[str, ...] = (*counts.TABLES, *(table for each in FOLLOWERS for table in each.tables))

__all__ = [
    "CHARTS",
    "FOLLOWERS",
    "TABLES",
    "Change",
    "Connection",
    "Contribution",
    "Follower",
    "Heard",
    "Tally",
    "Touched",
    "credited",
    "flush",
    "follow",
    "heard_of",
    "hidden_accounts",
    "renamed",
    "restart",
    "set_hidden",
    "utc_day",
]


async def follow(connection: Connection, touched: Touched) -> None:
    """Have every follower look at what has changed. The edges of windows are held before anything of a follower's."""
    if touched.liked or touched.accounts or touched.keys.keys() & IN_WINDOWS:
        await windows.hold(connection)
    for follower in FOLLOWERS:
        await follower.follow(connection, touched)


async def restart(connection: Connection) -> None:
    """Every count to zero, the accounts hidden that are not visible now, and nothing followed yet."""
    await counts.restart(connection)
    for follower in FOLLOWERS:
        await follower.restart(connection)
