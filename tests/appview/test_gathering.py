"""What is looked up by key at once: few statements, and each request gets its own rows, or its own failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from appview import gathering
from appview.errors import ServiceUnavailable
from appview.gathering import BESIDE, KEYS_MAX
from appview.queries.base import Rows
from appview.reads import Reads
from protocol.crypto import PrivateKey
from runtime import db
from runtime.settings import Settings
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Stage, tid

TRACK = "fm.plyr.feed.getTrack"
PATIENCE = 5.0
# Every key but 0, twice as much, after so many seconds.
DOUBLED = """
SELECT asked.key * 2 AS double, $2::text AS rest, asked.place
FROM (SELECT pg_sleep($3)) slept CROSS JOIN unnest($1::bigint[]) WITH ORDINALITY asked (key, place)
WHERE asked.key <> 0
ORDER BY asked.key
"""


class Watched(Reads):
    """Notes how many keys each statement asks for."""

    def __init__(self, pool: db.Pool, *, pool_wait: float = PATIENCE, statement_timeout: float = PATIENCE) -> None:
        super().__init__(pool, pool_wait=pool_wait, statement_timeout=statement_timeout)
        self.asked: list[int] = []

    async def rows(self, sql: str, *arguments: object) -> Rows:
        [keys, *_] = arguments
        assert isinstance(keys, tuple)
        self.asked.append(len(keys))  # pyright: ignore[reportUnknownArgumentType]
        return await super().rows(sql, *arguments)

    async def double(self, key: int, rest: str = "", slow: float = 0.0) -> list[tuple[int, str]]:
        return [(row["double"], row["rest"]) for row in await self.rows_of(DOUBLED, (key,), rest, slow)]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The AppView that tokens are made for."""
    return settings.model_copy(update={"service_url": "https://appview.example.com"})


@pytest_asyncio.fixture
async def reads(reader: db.Pool) -> AsyncGenerator[Watched]:
    reads = Watched(reader)
    yield reads
    await reads.close()


async def test_who_is_alone_does_not_wait(reads: Watched) -> None:
    assert await reads.double(1) == [(2, "")]
    assert await reads.double(2) == [(4, "")]
    assert reads.asked == [1, 1]


async def test_those_who_come_together_are_asked_for_together_and_get_their_own(reads: Watched) -> None:
    found = await asyncio.gather(*(reads.double(key) for key in (3, 0, 2, 3)))
    assert found == [[(6, "")], [], [(4, "")], [(6, "")]]
    assert reads.asked == [4]


async def test_who_comes_later_waits_for_a_statement_to_end_and_joins_none(reads: Watched) -> None:
    first = []
    for number in range(BESIDE):
        first.append(asyncio.create_task(reads.double(number + 1, slow=0.2)))
        await asyncio.sleep(0.02)
    later = [asyncio.create_task(reads.double(number, slow=0.2)) for number in range(1, 10)]
    await asyncio.sleep(0.05)
    assert reads.asked == [1] * BESIDE
    await asyncio.gather(*first, *later)
    assert reads.asked == [*[1] * BESIDE, 9]


async def test_a_statement_asks_for_so_many_keys_and_the_next_for_those_beyond(reads: Watched) -> None:
    keys = range(1, 2 * KEYS_MAX + 4)
    assert await asyncio.gather(*map(reads.double, keys)) == [[(2 * key, "")] for key in keys]
    assert reads.asked == [KEYS_MAX, KEYS_MAX, 3]


async def test_what_has_other_arguments_is_asked_for_apart(reads: Watched) -> None:
    found = await asyncio.gather(*(reads.double(1, rest) for rest in ("a", "b", "a")))
    assert found == [[(2, "a")], [(2, "b")], [(2, "a")]]
    assert sorted(reads.asked) == [1, 2]


async def test_who_gives_up_does_so_alone(reads: Watched) -> None:
    asked = [asyncio.create_task(reads.double(key, slow=0.2)) for key in (1, 2, 3)]
    await asyncio.sleep(0.05)
    asked[1].cancel()
    assert await asked[0] == [(2, "")]
    assert await asked[2] == [(6, "")]
    assert asked[1].cancelled()


async def test_who_has_given_up_is_not_asked_for(reads: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "BESIDE", 1)
    first = asyncio.create_task(reads.double(1, slow=0.2))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(reads.double(key, slow=0.2)) for key in (2, 3)]
    await asyncio.sleep(0)
    others[0].cancel()
    assert (await first, await others[1]) == ([(2, "")], [(6, "")])
    assert reads.asked == [1, 1]


async def test_what_takes_too_long_is_refused_to_all_who_asked_and_the_next_is_answered(reader: db.Pool) -> None:
    reads = Watched(reader, statement_timeout=0.2)
    await reader.execute("SET statement_timeout = '200ms'")
    found = await asyncio.gather(*(reads.double(key, slow=10.0) for key in (1, 2, 3)), return_exceptions=True)
    assert [type(each) for each in found] == [ServiceUnavailable] * 3
    assert await reads.double(1) == [(2, "")]
    await reads.close()


async def test_nobody_waits_for_a_beginning_for_longer_than_for_a_connection(
    reader: db.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "BESIDE", 1)
    reads = Watched(reader, pool_wait=0.1)
    first = asyncio.create_task(reads.double(1, slow=0.4))
    await asyncio.sleep(0.05)
    with pytest.raises(ServiceUnavailable, match="busy"):
        await reads.double(2, slow=0.4)
    assert await first == [(2, "")]
    await reads.close()


async def test_while_the_database_is_away_all_are_told_so(reads: Watched, reader: db.Pool) -> None:
    await reader.close()
    found = await asyncio.gather(*(reads.double(key) for key in (1, 2)), return_exceptions=True)
    assert [type(each) for each in found] == [ServiceUnavailable] * 2


async def test_tracks_asked_for_at_once_are_told_apart_and_an_unknown_one_is_refused_alone(
    stage: Stage, client: Client
) -> None:
    nils, hidden = await stage.person(), await stage.person()
    uris = [(await stage.track(nils, tid(number)))[0] for number in range(5)]
    unknown, (gone, _) = nils.uri(tid(9)), await stage.track(hidden)
    await stage.hide(hidden)
    asked = [*uris, unknown, gone, uris[0]]
    answers = await asyncio.gather(*(client.ask(TRACK, uri=uri) for uri in asked))
    told = [answer["track"]["uri"] if status == 200 else answer["error"] for status, answer in answers]
    assert told == [*uris, "TrackNotFound", "TrackNotFound", uris[0]]


async def test_viewers_who_ask_at_once_are_told_of_their_own_likes(stage: Stage, client: Client) -> None:
    key = PrivateKey.generate("k256", b"x")
    nils = await stage.person()
    uri, _ = await stage.track(nils)
    fans = [await stage.person() for _ in range(3)]
    for fan in fans:
        await give_key(stage.pool, fan, key)
    likes = [(await stage.like(fan, uri))[0] for fan in fans]
    signed = [client.send(TRACK, bearer(token(key, claims(fan, TRACK))), uri=uri) for fan in fans]
    nobody, *answers = await asyncio.gather(client.send(TRACK, {}, uri=uri), *signed)
    assert [answer["track"]["viewer"]["like"] for _, answer, _ in answers] == likes
    assert "viewer" not in nobody[1]["track"]
