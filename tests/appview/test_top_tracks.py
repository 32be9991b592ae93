"""Tracks by what happened when, and figures by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.appview.stage import NOW, Client, Person, Stage, tid

TOP = "fm.plyr.feed.getTopTracks"
TRENDING = "fm.plyr.feed.getTrendingTracks"
HISTOGRAM = "fm.plyr.stats.getHistogram"
FANS = 9


def ago(days: int, *, late: bool = False) -> float:
    """That many days before today, at that day's first moment or before its last, as the stage counts time."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days - late, seconds=late) - NOW).total_seconds()


def day(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


class Scene:
    """An author with tracks, and fans who like and play them on whatever day."""

    def __init__(self, stage: Stage, author: Person, fans: list[Person]) -> None:
        self.stage = stage
        self.author = author
        self.fans = fans
        self._made = 0

    async def track(self, number: int, days: int = 400) -> str:
        uri, _ = await self.stage.track(self.author, tid(number), at=ago(days), title=f"Song {number}")
        return uri

    async def like(self, fan: int, track: int, days: int, *, late: bool = False) -> None:
        self._made += 1
        await self.stage.like(self.fans[fan], self.author.uri(tid(track)), tid(self._made), at=ago(days, late=late))

    async def play(self, fan: int, track: int, days: int, *, late: bool = False) -> None:
        self._made += 1
        at = ago(days, late=late) + self._made / 1_000
        await self.stage.play(self.fans[fan], tid(self._made), at=at, originUri=self.author.uri(tid(track)))


@pytest.fixture
async def scene(stage: Stage) -> Scene:
    author = await stage.person("nils.example.com")
    return Scene(stage, author, [await stage.person(f"fan{number}.example.com") for number in range(FANS)])


def places(tracks: list[Any]) -> list[tuple[str, int, int]]:
    return [(each["track"]["title"], each["count"], each["rank"]) for each in tracks]


@pytest.mark.parametrize("by", ["likes", "plays"])
async def test_a_period_counts_what_happened_in_it_and_ranks_go_on_from_page_to_page(
    scene: Scene, client: Client, by: str
) -> None:
    happen = scene.like if by == "likes" else scene.play
    for number in range(3):
        await scene.track(number)
    for fan in range(3):
        await happen(fan, 0, 8)
    for fan in range(2):
        await happen(fan, 1, 7)
    await happen(3, 2, 0)
    await happen(3, 1, 366)
    pages = await client.pages(TOP, "tracks", by=by, limit=1)
    assert places([each for page in pages for each in page])[2:] == [("Song 2", 1, 3)]
    assert {place[:2] for place in places([*pages[0], *pages[1]])} == {("Song 0", 3), ("Song 1", 3)}
    week = await client.pages(TOP, "tracks", by=by, period="week", limit=1)
    assert places([each for page in week for each in page]) == [("Song 1", 2, 1), ("Song 2", 1, 2)]
    assert places((await client.get(TOP, by=by, period="day"))["tracks"]) == [("Song 2", 1, 1)]
    assert places((await client.get(TOP, by=by, period="year"))["tracks"]) == [
        ("Song 0", 3, 1),
        ("Song 1", 2, 2),
        ("Song 2", 1, 3),
    ]


@pytest.mark.parametrize("by", ["likes", "plays"])
async def test_a_period_is_of_full_days_and_today(scene: Scene, client: Client, by: str) -> None:
    happen = scene.like if by == "likes" else scene.play
    await scene.track(0)
    await happen(0, 0, 0)
    for number, days in enumerate((1, 7, 30, 365)):
        await happen(1 + 2 * number, 0, days)
        await happen(2 + 2 * number, 0, days + 1, late=True)
    for period, count in (("day", 2), ("week", 4), ("month", 6), ("year", 8), ("all", 9)):
        assert places((await client.get(TOP, by=by, period=period))["tracks"]) == [("Song 0", count, 1)], period


async def test_charts_forget_who_hides_and_what_is_deleted(scene: Scene, client: Client) -> None:
    await scene.track(0)
    await scene.like(0, 0, 1)
    await scene.like(1, 0, 1)
    await scene.stage.hide(scene.fans[0])
    assert places((await client.get(TOP, period="day"))["tracks"]) == [("Song 0", 1, 1)]
    await scene.stage.hide(scene.author)
    assert (await client.get(TOP, period="day"))["tracks"] == []
    await scene.stage.hide(scene.author, hidden=False)
    await scene.stage.hide(scene.fans[0], hidden=False)
    assert places((await client.get(TOP))["tracks"]) == [("Song 0", 2, 1)]
    await scene.stage.delete(scene.author, "fm.plyr.track", tid(0))
    assert (await client.get(TOP))["tracks"] == []


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("month", 30)])
async def test_what_grows_by_the_greatest_factor_is_trending_if_it_is_enough(
    scene: Scene, client: Client, period: str, days: int
) -> None:
    for number in range(4):
        await scene.track(number)
    for fan in range(4):
        await scene.play(fan, 0, days)  # none before: 4 for 3
        await scene.like(fan, 1, 0)
        await scene.play(fan, 1, days)  # 8 for 3
        await scene.play(fan, 3, days + 1, late=True)  # before, as much as now
        await scene.play(fan, 3, days)
    await scene.play(0, 1, 2 * days + 1)
    await scene.play(0, 1, 2 * days + 2, late=True)
    await scene.play(0, 2, 0)
    await scene.play(1, 2, 0)  # too few
    tracks = (await client.get(TRENDING, period=period))["tracks"]
    assert places(tracks) == [("Song 1", 8, 1), ("Song 0", 4, 2)]
    assert [each["before"] for each in tracks] == [1, 0]
    assert places((await client.get(TRENDING, period=period, limit=1))["tracks"]) == [("Song 1", 8, 1)]
    assert await client.get(TRENDING) == await client.get(TRENDING, period="week")


async def test_a_histogram_has_every_day_and_everybody_once_on_each(scene: Scene, client: Client) -> None:
    other = await scene.stage.person("mira.example.com")
    await scene.track(0, 2)
    await scene.stage.track(other, at=ago(0))
    await scene.like(0, 0, 2)
    await scene.like(1, 0, 0)
    await scene.stage.comment(scene.fans[0], scene.author.uri(tid(0)), at=ago(1))
    for fan, days in ((0, 0), (0, 0), (1, 0), (1, 2), (1, 3)):
        await scene.play(fan, 0, days)
    await scene.stage.play(scene.fans[2], at=ago(0), originUri=other.uri(tid(0)))
    expected = {
        "tracks": ([1, 0, 1], [1, 0, 0]),
        "likes": ([1, 0, 1], [1, 0, 1]),
        "comments": ([0, 1, 0], [0, 1, 0]),
        "plays": ([1, 0, 4], [1, 0, 3]),
        "listeners": ([1, 0, 3], [1, 0, 2]),
    }
    for metric, figures in expected.items():
        of_all = (await client.get(HISTOGRAM, metric=metric, days=3))["points"]
        of_one = (await client.get(HISTOGRAM, metric=metric, days=3, actor=scene.author.did))["points"]
        assert ([each["count"] for each in of_all], [each["count"] for each in of_one]) == figures, metric
        assert [each["day"] for each in of_all] == [each["day"] for each in of_one] == [day(2), day(1), day(0)]
    assert len((await client.get(HISTOGRAM, metric="likes"))["points"]) == 30
    assert await client.refused(HISTOGRAM, metric="likes", actor="nobody.example.com") == "ActorNotFound"


async def test_the_figures_of_an_account(scene: Scene, client: Client) -> None:
    for number in range(2):
        await scene.track(number, 2)
    await scene.like(0, 1, 1)
    await scene.play(0, 0, 0)
    await scene.play(1, 0, 0)
    stats = await client.get("fm.plyr.stats.getActorStats", actor="nils.example.com", days=2)
    assert (stats["actor"]["trackCount"], stats["actor"]["playCount"], stats["actor"]["listenerCount"]) == (2, 2, 2)
    assert [each["title"] for each in stats["tracks"]] == ["Song 1", "Song 0"]
    assert stats["points"] == [{"day": day(1), "plays": 0, "likes": 1}, {"day": day(0), "plays": 2, "likes": 0}]
    await scene.stage.hide(scene.author)
    assert await client.refused("fm.plyr.stats.getActorStats", actor="nils.example.com") == "ActorNotFound"
