"""The model's days: what came on each, for subjects, authors and listeners. Slow and plain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from tests.oracle.plyr import Row

Rows: TypeAlias = Mapping[tuple[Any, ...], Row]
FIGURES: Final = frozenset(
    (*(f"{name}_{days}" for name in ("likes", "plays") for days in (365, 30, 7, 1)), "both_61", "both_15", "both_3")
)
DaysOf: TypeAlias = defaultdict[tuple[Any, ...], Row]


def dated(tables: Mapping[str, Rows], hidden: frozenset[str]) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The tables `subject_day`, `actor_day`, `total_day`, `heard_day`, `listener_day` and `heard_total_day`."""
    subjects: DaysOf = defaultdict(lambda: {"likes": 0, "comments": 0})
    actors: DaysOf = defaultdict(lambda: {"tracks": 0, "likes": 0, "comments": 0})
    totals: DaysOf = defaultdict(lambda: {"tracks": 0, "likes": 0, "comments": 0})
    authors: dict[str, str] = {}
    for (did, _), row in tables["plyr_track"].items():
        if did not in hidden:
            authors[row["uri"]] = did
            actors[did, row["sort_at"].date()]["tracks"] += 1
            totals[row["sort_at"].date(),]["tracks"] += 1
    for table, name in (("plyr_like", "likes"), ("plyr_comment", "comments")):
        for (did, _), row in tables[table].items():
            if did in hidden or not row.get("canonical", True):
                continue
            day = row["sort_at"].date()
            subjects[row["subject"], day][name] += 1
            if row["subject"] in authors:
                actors[authors[row["subject"]], day][name] += 1
                totals[day,][name] += 1
    return {"subject_day": dict(subjects), "actor_day": dict(actors), "total_day": dict(totals), **_heard(tables)}


def recent(tables: Mapping[str, Rows], hidden: frozenset[str], edges: Rows) -> dict[tuple[Any, ...], Row]:
    """The table `track_recent`, of `subject_day` and `heard_day`. `edges`: `chart_window` while nothing moves."""
    found: DaysOf = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for table, name in (("subject_day", "likes"), ("heard_day", "plays")):
        for (subject, day), row in tables[table].items():
            for (days,), edge in edges.items():
                if row[name] and day >= edge["since"].date():
                    for figure in {f"{name}_{days}", f"both_{days}"} & FIGURES:
                        found[subject,][figure] += row[name]
    shown = {row["uri"] for (did, _), row in tables["plyr_track"].items() if did not in hidden}
    return {key: {**row, "track": key[0] in shown} for key, row in found.items()}


def _heard(tables: Mapping[str, Rows]) -> dict[str, dict[tuple[Any, ...], Row]]:
    tracks: DaysOf = defaultdict(lambda: {"plays": 0})
    listeners: DaysOf = defaultdict(lambda: {"plays": 0})
    totals: DaysOf = defaultdict(lambda: {"plays": 0, "listeners": 0})
    for (did, _, _), row in tables["track_play"].items():
        tracks[row["subject"], row["day"]]["plays"] += 1
        listeners[did, row["day"]]["plays"] += 1
        totals[row["day"],]["plays"] += 1
    for _, day in listeners:
        totals[day,]["listeners"] += 1
    return {"heard_day": dict(tracks), "listener_day": dict(listeners), "heard_total_day": dict(totals)}
