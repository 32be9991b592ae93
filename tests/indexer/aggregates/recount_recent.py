"""Likes and plays of tracks in recent windows, added up from all days of all tracks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC
from typing import Any

from runtime.db import Pool

from .recount_played import edges

WINDOWS = {"likes": (365, 30, 7, 1), "plays": (365, 30, 7, 1), "both": (61, 15, 3)}
FIGURES = [f"{name}_{days}" for name, each in WINDOWS.items() for days in each]
MOMENTS = """
SELECT subject, day, track_moment(day, subject)
FROM unnest($1::text[], $2::date[]) AS d (subject, day)
"""


async def recent(pool: Pool, days: dict[str, Any], tracks: Collection[str]) -> dict[str, dict[str, int]]:
    """`days`: as they are recounted. By subject what each window holds, which is what is not before its edge,
    and whether it is one of the tracks."""
    sides = {"likes": {key: likes for key, (likes, _) in days["subjects"].items()}, "plays": days["heard"]}
    keys = sorted(set().union(*sides.values()))
    moments = await pool.fetch(MOMENTS, [subject for subject, _ in keys], [day for _, day in keys])
    since = {number: edge.astimezone(UTC).replace(tzinfo=None) for number, edge in (await edges(pool)).items()}
    found: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for subject, day, moment in moments:
        for side, numbers in sides.items():
            for name in (side, "both"):
                for window in WINDOWS[name]:
                    if moment >= since[window]:
                        found[subject][f"{name}_{window}"] += numbers.get((subject, day), 0)
    return {
        subject: {**figures, "track": subject in tracks} for subject, figures in found.items() if any(figures.values())
    }


async def stored_recent(pool: Pool) -> dict[str, dict[str, int]]:
    """The same from the table."""
    rows = await pool.fetch("SELECT * FROM track_recent")
    return {row["subject"]: {name: number for name, number in row.items() if name != "subject"} for row in rows}
