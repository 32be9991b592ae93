"""What happened on which day, made of all records by the plainest means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from runtime.db import Pool


def days(tracks: Iterable[Any], likes: Iterable[Any], comments: Iterable[Any], plays: Iterable[Any]) -> dict[str, Any]:
    """`tracks`, `likes` and `comments` that show and count; `plays`: with the track to which each belongs."""
    owners = {track.uri: track.account_id for track in tracks}
    subjects: defaultdict[Any, list[int]] = defaultdict(lambda: [0, 0])
    actors: defaultdict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    heard: defaultdict[Any, int] = defaultdict(int)
    listeners: defaultdict[Any, set[int]] = defaultdict(set)
    for track in tracks:
        actors[track.account_id, track.sort_at.date()][0] += 1
    for place, received in enumerate((likes, comments)):
        for each in received:
            day = each.sort_at.date()
            subjects[each.subject, day][place] += 1
            if each.subject in owners:
                actors[owners[each.subject], day][place + 1] += 1
    for play, track in plays:
        heard[track.uri, play.played_at.date()] += 1
        listeners[play.played_at.date()].add(play.account_id)
    totals: defaultdict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (_, day), figures in actors.items():
        totals[day] = [one + other for one, other in zip(totals[day], figures, strict=True)]
    heard_totals: defaultdict[Any, int] = defaultdict(int)
    for (_, day), number in heard.items():
        heard_totals[day] += number
    return {
        "subjects": {key: tuple(figures) for key, figures in subjects.items()},
        "actors": {key: tuple(figures) for key, figures in actors.items()},
        "totals": {day: tuple(figures) for day, figures in totals.items()},
        "heard": dict(heard),
        "heard totals": {day: (number, len(listeners[day])) for day, number in heard_totals.items()},
    }


async def stored_days(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    subjects = await pool.fetch("SELECT subject, day, likes, comments FROM subject_day")
    actors = await pool.fetch("SELECT account_id, day, tracks, likes, comments FROM actor_day")
    totals = await pool.fetch("SELECT day, tracks, likes, comments FROM visible_total_day")
    heard = await pool.fetch("SELECT subject, day, plays FROM heard_day")
    heard_totals = await pool.fetch("SELECT day, plays, listeners FROM visible_heard_total_day")
    return {
        "subjects": {(subject, day): tuple(figures) for subject, day, *figures in subjects},
        "actors": {(account_id, day): tuple(figures) for account_id, day, *figures in actors},
        "totals": {day: tuple(figures) for day, *figures in totals if any(figures)},
        "heard": {(subject, day): number for subject, day, number in heard},
        "heard totals": {day: tuple(figures) for day, *figures in heard_totals if any(figures)},
    }
