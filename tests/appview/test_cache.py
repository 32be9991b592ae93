"""Held answers: never older than what was told of changes, never kept for longer than they may be, never many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from appview.cache import RENEWED, Answers
from appview.changes import LISTENER, SQL, Changes
from appview.errors import TrackNotFound
from appview.queries.base import Reads, Rows
from protocol.crypto import PrivateKey
from runtime import db
from runtime.settings import Settings
from tests.appview.hearing import PATIENCE, Served, hearing, holding
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Stage, tid

LATEST = "fm.plyr.feed.getLatestTracks"
TRACK = "fm.plyr.feed.getTrack"
KEY = PrivateKey.generate("k256", b"x")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return holding(database_url)


@pytest.fixture
def short(settings: Settings) -> Settings:
    """Holds for a time that a test can wait for."""
    return settings.model_copy(update={"answer_hold": 0.3})


@pytest_asyncio.fixture
async def served(settings: Settings, pool: db.Pool) -> AsyncGenerator[Served]:
    async with hearing(settings, pool) as each:
        yield each


@pytest_asyncio.fixture
async def served_short(short: Settings, pool: db.Pool) -> AsyncGenerator[Served]:
    async with hearing(short, pool) as each:
        yield each


def _held() -> float:
    return REGISTRY.get_sample_value("plyr_appview_answers_held_total") or 0.0


async def test_a_write_is_in_the_very_next_answer_once_it_is_told(stage: Stage, served: Served) -> None:
    nils = await stage.person()
    uri, _ = await stage.track(nils)
    for likes in range(5):
        await stage.like(await stage.person(), uri)
        await served.told()
        assert (await served.client.get(TRACK, uri=uri))["track"]["likeCount"] == likes + 1
        assert (await served.client.get(LATEST))["tracks"][0]["likeCount"] == likes + 1


async def test_what_is_held_needs_no_database(stage: Stage, served: Served, pool: db.Pool) -> None:
    uri, _ = await stage.track(await stage.person())
    await served.told()
    first = await served.client.get(TRACK, uri=uri)
    before = _held()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE plyr_track IN ACCESS EXCLUSIVE MODE")
        assert await served.client.get(TRACK, uri=uri) == first
    assert _held() == before + 1


async def test_without_a_word_of_changes_an_answer_lives_as_long_as_it_may(
    stage: Stage, served_short: Served, pool: db.Pool
) -> None:
    for (table,) in await pool.fetch("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'shown'"):
        await pool.execute(f"ALTER TABLE {table} DISABLE TRIGGER shown")
    nils = await stage.person()
    await stage.track(nils)
    await served_short.told()
    assert len((await served_short.client.get(LATEST))["tracks"]) == 1
    before = _held()
    await stage.track(nils, tid(1))
    assert len((await served_short.client.get(LATEST))["tracks"]) == 1
    assert _held() == before + 1
    await asyncio.sleep(0.35)
    assert len((await served_short.client.get(LATEST))["tracks"]) == 2


@pytest.mark.parametrize("seconds", ["2.1", "-1"])
def test_nobody_can_have_answers_held_for_longer_than_two_seconds(seconds: str) -> None:
    with pytest.raises(ValueError, match="ANSWER_HOLD"):
        Settings.load({"PLYR_ANSWER_HOLD": seconds})


async def test_a_hidden_account_vanishes(stage: Stage, served: Served) -> None:
    nils = await stage.person()
    uri, _ = await stage.track(nils)
    await served.told()
    await served.client.get(TRACK, uri=uri)
    await stage.hide(nils)
    await served.told()
    assert await served.client.refused(TRACK, uri=uri) == "TrackNotFound"
    assert await served.client.get(LATEST) == {"tracks": []}


async def test_what_touches_nothing_of_an_answer_leaves_it(stage: Stage, served: Served) -> None:
    nils = await stage.person()
    await stage.track(nils)
    await served.told()
    await served.client.get(LATEST)
    held = _held()
    await stage.comment(nils, "at://did:plc:nobody/fm.plyr.track/none", tid(5))
    await served.told()
    await served.client.get(LATEST)
    assert _held() == held, "a count of a subject is shown with tracks"
    await stage.pool.execute("UPDATE bsky_profile SET banner_cid = NULL")
    await served.told()
    await served.client.get(LATEST)
    assert _held() == held + 1, "a banner is not"


async def test_a_refusal_is_not_held(stage: Stage, served: Served, pool: db.Pool) -> None:
    nils = await stage.person()
    assert await served.client.refused(TRACK, uri=nils.uri(tid(0))) == "TrackNotFound"
    await pool.execute("ALTER TABLE plyr_track DISABLE TRIGGER USER")
    await stage.track(nils)
    assert (await served.client.get(TRACK, uri=nils.uri(tid(0))))["track"]["uri"] == nils.uri(tid(0))


async def test_what_is_made_for_a_viewer_is_not_held(stage: Stage, served: Served) -> None:
    nils = await stage.person()
    await give_key(stage.pool, nils, KEY)
    uri, _ = await stage.track(nils)
    await stage.like(nils, uri)
    await served.told()
    held = _held()
    for _ in range(2):
        headers = bearer(token(KEY, claims(nils, TRACK)))
        _, answer, _ = await served.client.send(TRACK, headers, uri=uri)
        assert answer["track"]["viewer"]["like"] == nils.uri(tid(0), "fm.plyr.like")
    assert "viewer" not in (await served.client.get(TRACK, uri=uri))["track"]
    assert _held() == held


async def test_many_who_ask_the_same_at_once_cost_one_statement(stage: Stage, served: Served, pool: db.Pool) -> None:
    await stage.track(await stage.person())
    await served.client.get(LATEST)
    await stage.track(await stage.person())
    await served.told()
    held = _held()
    async with pool.acquire() as connection, pool.acquire() as watching:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE plyr_track IN ACCESS EXCLUSIVE MODE")
        asked = [asyncio.create_task(served.client.get(LATEST)) for _ in range(10)]
        await asyncio.sleep(0.2)
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        assert await watching.fetchval(waiting) == 1
        await transaction.rollback()
        answers = await asyncio.gather(*asked)
    assert [len(answer["tracks"]) for answer in answers] == [2] * 10
    assert _held() == held + 9


async def test_while_changes_are_not_heard_nothing_is_held(stage: Stage, served: Served, pool: db.Pool) -> None:
    nils = await stage.person()
    await stage.track(nils)
    held = _held()
    await pool.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", LISTENER)
    await served.listening(hears=False)
    for number in range(1, 4):
        await stage.track(nils, tid(number))
        assert len((await served.client.get(LATEST))["tracks"]) == number + 1
    assert _held() == held
    await served.listening()
    await served.told()
    await served.client.get(LATEST)
    await served.client.get(LATEST)
    assert _held() == held + 1


async def test_all_that_answers_show_tells_of_its_changes(reader: db.Pool) -> None:
    rows = await reader.fetch(SQL["read_by_views"])
    silent = {row["view"] for row in rows if not row["told"]}
    assert silent == {"visible_issuer", "visible_schema", "visible_source"}


class _Nothing:
    """A database that has nothing to say."""

    async def rows(self, sql: str, *arguments: object) -> Rows:
        del sql, arguments
        return []

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: object) -> Rows:
        del sql, key, rest
        return []

    async def views_of(self, sql: str, keys: Sequence[tuple[object, ...]], *rest: object) -> Sequence[str | None]:
        del sql, rest
        return [None for _ in keys]


class _Scene:
    """Answers beside changes that a test tells by hand."""

    def __init__(self, **bounds: float) -> None:
        self.changes = Changes("", connect_timeout=1, statement_timeout=1)
        self.changes.hears = True
        self.answers = Answers(Settings.load({}).model_copy(update=bounds), _Nothing(), self.changes)
        self.made = 0

    async def ask(self, name: str, text: str = "x", *, after: float = 0) -> bytes:
        async def make(reads: Reads) -> str:
            self.made += 1
            await reads.rows("SELECT 1")
            await asyncio.sleep(after)
            return text

        return (await self.answers.answer(("method", name), make)).body


async def _asked(scene: _Scene, names: Sequence[str], size: int) -> int:
    """How many of these had to be made."""
    before = scene.made
    for name in names:
        await scene.ask(name, "x" * size)
    return scene.made - before


async def test_no_more_are_held_than_their_number_allows() -> None:
    scene = _Scene(answers_held=3)
    assert await _asked(scene, "abcd", 10) == 4
    assert await _asked(scene, "dcb", 10) == 0
    assert await _asked(scene, "a", 10) == 1


async def test_no_more_are_held_than_their_bytes_allow() -> None:
    scene = _Scene(answers_held_bytes=4_000)
    assert await _asked(scene, "abc", 400) == 3
    assert await _asked(scene, "cb", 400) == 0
    assert await _asked(scene, "a", 400) == 1
    assert await _asked(scene, ["large", "large"], 4_000) == 2


async def test_what_is_asked_for_again_is_made_anew_before_it_ends_and_nobody_waits() -> None:
    scene = _Scene(answer_hold=0.4)
    await scene.ask("a", "old")
    assert await scene.ask("a", "early") == b"old"
    await asyncio.sleep(0.25)
    answers = [await asyncio.wait_for(scene.ask("a", "new", after=0.05), 0.02) for _ in range(3)]
    assert (answers, scene.made) == ([b"old"] * 3, 2)
    await asyncio.sleep(0.2)
    assert await scene.ask("a", "late") == b"new"
    assert scene.made == 2


async def test_a_few_are_made_anew_at_once() -> None:
    scene = _Scene(answer_hold=0.4)
    await _asked(scene, "abcd", 1)
    await asyncio.sleep(0.25)
    for name in "abcd":
        await scene.ask(name, after=0.02)
    await asyncio.sleep(0.01)
    assert scene.made == 4 + RENEWED


async def test_a_renewal_that_fails_leaves_the_answer_until_its_end() -> None:
    scene = _Scene(answer_hold=0.4)
    await scene.ask("a", "old")
    await asyncio.sleep(0.25)

    async def refuse(_: Reads) -> str:
        raise TrackNotFound

    assert (await scene.answers.answer(("method", "a"), refuse)).body == b"old"
    await asyncio.sleep(0.01)
    assert (await scene.answers.answer(("method", "a"), refuse)).body == b"old"
    await asyncio.sleep(0.2)
    with pytest.raises(TrackNotFound):
        await scene.answers.answer(("method", "a"), refuse)


async def test_who_comes_after_a_change_does_not_wait_for_who_came_before() -> None:
    scene = _Scene()
    early = [asyncio.create_task(scene.ask("a", after=0.05)) for _ in range(3)]
    await asyncio.sleep(0)
    scene.changes.number += 1
    assert await scene.ask("a", "new") == b"new"
    assert [await each for each in early] == [b"x"] * 3
    assert scene.made == 2


async def test_who_waits_goes_on_alone_when_the_one_waited_for_is_ended() -> None:
    scene = _Scene()
    first = asyncio.create_task(scene.ask("a", after=10))
    second = asyncio.create_task(scene.ask("a", "new"))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await asyncio.wait_for(second, PATIENCE) == b"new"


async def test_a_refusal_is_that_of_all_who_wait() -> None:
    scene = _Scene()

    async def refuse(_: Reads) -> str:
        await asyncio.sleep(0.01)
        raise TrackNotFound

    asked = [asyncio.create_task(scene.answers.answer(("method", "a"), refuse)) for _ in range(3)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found] == [TrackNotFound] * 3
