"""Held views of single tracks: never older than a held answer may be, whoever asks for them beside which others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest
import pytest_asyncio

from appview.cache import Answers
from appview.changes import Changes
from appview.queries.base import Reads, Rows, several
from protocol.crypto import PrivateKey
from runtime import db
from runtime.settings import Settings
from tests.appview.hearing import Served, hearing, holding
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Person, Stage, served, tid

TRACK = "fm.plyr.feed.getTrack"
TRACKS = "fm.plyr.feed.getTracks"
KEY = PrivateKey.generate("k256", b"x")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return holding(database_url)


@pytest_asyncio.fixture
async def hearer(settings: Settings, pool: db.Pool) -> AsyncGenerator[Served]:
    """What is asked: an AppView that holds."""
    async with hearing(settings, pool) as each:
        yield each


@pytest_asyncio.fixture
async def reader_of_all(settings: Settings) -> AsyncGenerator[Client]:
    """What it is compared with: one that holds nothing."""
    async with served(settings.model_copy(update={"answer_hold": 0})) as session:
        yield Client(session)


async def _tracks(stage: Stage, person: Person, count: int) -> list[str]:
    return [(await stage.track(person, tid(number), title=f"Nr. {number}"))[0] for number in range(count)]


def _uris(answer: Any) -> list[str]:
    return [track["uri"] for track in answer["tracks"]]


async def test_a_view_in_another_answer_needs_no_database(stage: Stage, hearer: Served, pool: db.Pool) -> None:
    uris = await _tracks(stage, await stage.person(), 3)
    await hearer.told()
    first = await hearer.client.get(TRACKS, uris=uris)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE plyr_track IN ACCESS EXCLUSIVE MODE")
        assert await hearer.client.get(TRACKS, uris=uris[::-1]) == {"tracks": first["tracks"][::-1]}
        assert await hearer.client.get(TRACK, uri=uris[1]) == {"track": first["tracks"][1]}


async def test_what_is_held_and_what_is_not_stand_in_the_order_asked_for(stage: Stage, hearer: Served) -> None:
    nils = await stage.person("nils.example.com")
    a, b, c, d = await _tracks(stage, nils, 4)
    unknown = nils.uri(tid(9))
    await hearer.told()
    assert _uris(await hearer.client.get(TRACKS, uris=[b, d])) == [b, d]
    asked = [a, b, unknown, a, d, unknown, c, b, f"at://nils.example.com/fm.plyr.track/{tid(1)}"]
    assert _uris(await hearer.client.get(TRACKS, uris=asked)) == [a, b, a, d, c, b, b]
    assert _uris(await hearer.client.get(TRACKS, uris=[unknown, *asked])) == [a, b, a, d, c, b, b]


async def _rename(stage: Stage, nils: Person, _: str) -> None:
    await stage.put(nils, "app.bsky.actor.profile", "self", {"displayName": "Ny"})


async def _hide_the_record(stage: Stage, nils: Person, _: str) -> None:
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, true)", nils.id, f"fm.plyr.track/{tid(1)}"
    )


async def _unlike(stage: Stage, nils: Person, _: str) -> None:
    await stage.delete(nils, "fm.plyr.like", tid(5))


async def _like(stage: Stage, _: Person, uri: str) -> None:
    await stage.like(await stage.person(), uri)


async def _comment(stage: Stage, nils: Person, uri: str) -> None:
    await stage.comment(nils, uri)


async def _edit(stage: Stage, nils: Person, _: str) -> None:
    await stage.track(nils, tid(1), title="Ny")


async def _delete(stage: Stage, nils: Person, _: str) -> None:
    await stage.delete(nils, "fm.plyr.track", tid(1))


async def _hide(stage: Stage, nils: Person, _: str) -> None:
    await stage.hide(nils)


async def _put_on_an_album(stage: Stage, nils: Person, uri: str) -> None:
    await stage.track_list(nils, [uri], name="Ny", listType="album")


async def _play(stage: Stage, _: Person, uri: str) -> None:
    artists = [{"artistName": "Nils"}]
    await stage.play(await stage.person(), trackName="Nr. 1", artists=artists, originUri=uri)


@pytest.mark.parametrize(
    "change",
    [_edit, _delete, _like, _unlike, _comment, _play, _put_on_an_album, _rename, _hide, _hide_the_record],
)
async def test_a_change_is_in_the_very_next_answer_once_it_is_told(
    stage: Stage, hearer: Served, reader_of_all: Client, change: Callable[[Stage, Person, str], Awaitable[None]]
) -> None:
    nils = await stage.person()
    uris = await _tracks(stage, nils, 2)
    uris += await _tracks(stage, await stage.person(), 1)
    await stage.like(nils, uris[1], tid(5))
    await hearer.told()
    _, before, headers = await hearer.client.send(TRACKS, {}, uris=uris)
    unchanged = {"If-None-Match": headers["ETag"]}
    assert (await hearer.client.send(TRACKS, unchanged, uris=[*uris, nils.uri(tid(9))]))[0] == 304
    await change(stage, nils, uris[1])
    await hearer.told()
    now = await reader_of_all.get(TRACKS, uris=uris)
    assert now != before, "a change that nobody sees would show nothing"
    # Of a view that were held on, the first would be taken for one request, the others for two.
    for asked in (uris, uris[::-1], uris):
        status, answer, _ = await hearer.client.send(TRACKS, unchanged, uris=asked)
        assert (status, answer) == (200, await reader_of_all.get(TRACKS, uris=asked))
    for uri in uris:
        assert await hearer.client.ask(TRACK, uri=uri) == await reader_of_all.ask(TRACK, uri=uri)


async def test_what_is_not_there_is_not_held(stage: Stage, hearer: Served, pool: db.Pool) -> None:
    nils = await stage.person()
    [known] = await _tracks(stage, nils, 1)
    await hearer.told()
    late = nils.uri(tid(1))
    assert _uris(await hearer.client.get(TRACKS, uris=[known, late])) == [known]
    await pool.execute("ALTER TABLE plyr_track DISABLE TRIGGER USER")
    await stage.track(nils, tid(1))
    assert _uris(await hearer.client.get(TRACKS, uris=[late, known])) == [late, known]


async def test_an_account_is_given_views_made_for_it_and_nobody_is_given_those(stage: Stage, hearer: Served) -> None:
    nils, ida = await stage.person(), await stage.person()
    uris = await _tracks(stage, nils, 2)
    likes: dict[str, str] = {}
    for person in (nils, ida):
        await give_key(stage.pool, person, KEY)
        likes[person.did], _ = await stage.like(person, uris[0])
    await hearer.told()
    nobody = await hearer.client.get(TRACKS, uris=uris)
    for person in (nils, ida, nils):
        _, answer, _ = await hearer.client.send(TRACKS, bearer(token(KEY, claims(person, TRACKS))), uris=uris)
        assert [track["viewer"] for track in answer["tracks"]] == [{"like": likes[person.did]}, {}]
    assert await hearer.client.get(TRACKS, uris=uris[::-1]) == {"tracks": nobody["tracks"][::-1]}


async def test_what_was_read_before_anybody_was_heard_is_old(database_url: str) -> None:
    changes = Changes(database_url, connect_timeout=5, statement_timeout=5)
    read_at = changes.number
    listening = asyncio.create_task(changes.listen())
    async with asyncio.timeout(5):
        while not changes.hears:  # noqa: ASYNC110 - another process lets it
            await asyncio.sleep(0.001)
    shown = changes.shown_by(frozenset({"SELECT FROM visible_track"}))
    assert shown is not None
    assert shown.changed > read_at
    listening.cancel()


class _Numbered:
    """A database in which a key's view says how often it was asked for; notes the keys of each statement."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.times: dict[object, int] = {}
        self.after = 0.0

    async def rows(self, sql: str, *arguments: object) -> Rows:
        raise AssertionError("views alone are asked for")

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: object) -> Rows:
        raise AssertionError("views alone are asked for")

    async def views_of(self, sql: str, keys: Sequence[tuple[object, ...]], *rest: object) -> Sequence[str | None]:
        del sql, rest
        self.asked.append("".join(str(key) for (key,) in keys))
        for (key,) in keys:
            self.times[key] = self.times.get(key, 0) + 1
        views = [f'"{key}{self.times[key]}"' for (key,) in keys]
        await asyncio.sleep(self.after)
        return views


class _Scene:
    """Answers beside changes that a test tells by hand."""

    def __init__(self, **bounds: float) -> None:
        self.database = _Numbered()
        self.changes = Changes("", connect_timeout=1, statement_timeout=1)
        self.changes.hears = True
        self.changes._views = {"visible_thing": frozenset({"thing"})}
        self.answers = Answers(Settings.load({}).model_copy(update=bounds), self.database, self.changes)

    async def ask(self, keys: str) -> str:
        """The views of these keys, one after the other."""

        async def make(reads: Reads) -> str:
            views = await reads.views_of("SELECT FROM visible_thing", [(key,) for key in keys])
            return several("views", [view for view in views if view is not None])

        return " ".join(orjson.loads((await self.answers.answer(("method", keys), make)).body)["views"])

    def change(self, table: str = "thing") -> None:
        self.changes._told(None, 0, "", table)


async def test_only_what_is_not_held_is_asked_for_and_once() -> None:
    scene = _Scene()
    assert await scene.ask("abb") == "a1 b1 b1"
    assert await scene.ask("cbcda") == "c1 b1 c1 d1 a1"
    assert scene.database.asked == ["ab", "cd"]
    scene.change("another")
    assert await scene.ask("ad") == "a1 d1"
    scene.change()
    assert await scene.ask("da") == "d2 a2"
    assert scene.database.asked == ["ab", "cd", "da"]


async def test_a_view_that_a_change_overtook_is_not_held() -> None:
    scene = _Scene()
    scene.database.after = 0.05
    early = asyncio.create_task(scene.ask("ab"))
    await asyncio.sleep(0.01)
    scene.change()
    assert await scene.ask("ba") == "b2 a2"
    assert await early == "a1 b1"
    assert await scene.ask("aba") == "a2 b2 a2"


async def test_a_view_is_not_in_the_answer_that_is_under_way_when_a_change_is_told() -> None:
    scene = _Scene()
    await scene.ask("a")
    scene.database.after = 0.05
    early = asyncio.create_task(scene.ask("ab"))
    await asyncio.sleep(0.01)
    scene.change()
    assert await early == "a1 b1", "it was asked for before"
    assert await scene.ask("ab") == "a2 b2"


async def test_an_answer_ends_with_the_first_of_its_views() -> None:
    scene = _Scene(answer_hold=0.4)
    await scene.ask("a")
    await asyncio.sleep(0.25)
    assert await scene.ask("ab") == "a1 b1"
    await asyncio.sleep(0.2)
    assert await scene.ask("ab") == "a2 b1"


async def test_what_is_made_anew_before_it_ends_is_read_anew() -> None:
    scene = _Scene(answer_hold=0.4)
    await scene.ask("ab")
    await asyncio.sleep(0.25)
    assert await scene.ask("ab") == "a1 b1"
    await asyncio.sleep(0.01)
    assert await scene.ask("ab") == "a2 b2"
    assert scene.database.asked == ["ab", "ab"]


async def test_no_more_views_are_held_than_their_number_and_their_bytes_allow() -> None:
    few = _Scene(answers_held=3)
    await few.ask("abcd")
    await few.ask("dcb")
    assert await few.ask("ad") == "a2 d1"
    small = _Scene(answers_held_bytes=1_000)
    await small.ask("abcdefgh")
    assert await small.ask("ha") == "h1 a2"


async def test_while_changes_are_not_heard_no_view_is_held() -> None:
    scene = _Scene()
    scene.changes.hears = False
    assert await scene.ask("a") == "a1"
    assert await scene.ask("a") == "a2"
