"""History is fetched, and whatever happens to the system while people write, the index ends up equal to the PDSes.

What equal means, comparing.py says.
"""

import asyncio
import random
import signal
from collections.abc import Callable

import pytest
from aiohttp import ClientSession

from tests.e2e.comparing import index_equals_pds
from tests.e2e.music import (
    ALPHA_PLAY,
    COMMENT,
    LIKE,
    LIST,
    PLAY,
    PLYR_PROFILE,
    TRACK,
    alpha_play,
    comment,
    like,
    moment,
    play,
    track,
)
from tests.e2e.pds import Account, Pds, Written, creation
from tests.e2e.polling import eventually
from tests.e2e.relay import Relay
from tests.e2e.system import AppView, System

Name = Callable[[str], str]

WRITE_PAUSE = 0.02  # seconds between two writes of one account
CATCH_UP = 60.0  # seconds


class Writer:
    """A person who goes on writing, whatever happens: creates, edits and deletes, alone and many at once."""

    def __init__(self, account: Account, subjects: list[Written], seed: int) -> None:
        self._account = account
        self._subjects = subjects
        self._random = random.Random(seed)
        self._own: list[Written] = []
        self._done = asyncio.Event()
        self.writes = 0

    async def run(self) -> None:
        """Until `finish`."""
        while not self._done.is_set():
            await self._one_write()
            self.writes += 1
            await asyncio.sleep(WRITE_PAUSE)

    def finish(self) -> None:
        self._done.set()

    async def _one_write(self) -> None:
        chance, account = self._random, self._account
        match chance.choices(("track", "edit", "delete", "like", "comment", "play", "alpha", "many"), k=1)[0]:
            case "edit" if self._own:
                rkey = chance.choice(self._own).rkey
                await account.put(TRACK, rkey, track(f"Edit {self.writes}"))
            case "delete" if self._own:
                gone = self._own.pop(chance.randrange(len(self._own)))
                await account.delete(gone.uri)
            case "like":
                await account.create(LIKE, like(chance.choice(self._subjects)))
            case "comment":
                subject = chance.choice(self._subjects)
                await account.create(COMMENT, comment(subject, f"remark {self.writes}", at_ms=self.writes))
            case "play":
                await account.create(PLAY, play(f"Song {self.writes}", ago=self.writes + 1))
            case "alpha":
                await account.create(ALPHA_PLAY, alpha_play(f"Alpha {self.writes}", ago=self.writes + 1))
            case "many":
                writes = [
                    creation(LIKE, like(chance.choice(self._subjects)), rkey=f"many-{self.writes}-{number}")
                    for number in range(20)
                ]
                await account.apply_writes(writes)
            case _:
                self._own.append(await account.create(TRACK, track(f"Track {self.writes}")))


@pytest.fixture
async def own_appview(own_system: System, http: ClientSession) -> AppView:
    return AppView(http, own_system.url)


async def test_a_repo_that_was_there_before_the_indexer_is_fetched_whole_when_first_seen(
    own_system: System, own_appview: AppView, pds: Pds, other_pds: Pds, name: Name
) -> None:
    own_system.kill()
    artist, fan = await other_pds.create_account(name("elder")), await pds.create_account(name("fan"))
    early = [await artist.create(TRACK, track(f"Early {number}")) for number in range(3)]
    likes = [creation(LIKE, like(each), rkey=f"like-{number}") for number, each in enumerate(early)]
    plays = [creation(PLAY, play(f"Song {number}", ago=number + 1), rkey=f"play-{number}") for number in range(150)]
    await fan.apply_writes([*likes, *plays])
    await artist.put(PLYR_PROFILE, "self", {"bio": "was here first", "createdAt": moment()})
    await artist.create(LIST, {"items": [{"subject": early[0].ref}], "listType": "playlist", "createdAt": moment()})
    await artist.delete(early.pop().uri)

    await asyncio.to_thread(own_system.start)
    late = await artist.create(TRACK, track("Late"))
    await fan.create(LIKE, like(late))
    await eventually(lambda: index_equals_pds(own_system, own_appview, [artist, fan]), deadline=CATCH_UP, pause=0.5)

    async def profile_is_hydrated() -> None:
        profile = (await own_appview.get("fm.plyr.actor.getProfile", actor=artist.handle))["actor"]
        assert (profile["description"], profile["likesReceivedCount"]) == ("was here first", 3)
        assert profile["trackCount"] == 3

    await eventually(profile_is_hydrated)


async def test_nothing_is_lost_or_doubled_while_the_system_is_restarted_and_killed(
    own_system: System, own_appview: AppView, pds: Pds, other_pds: Pds, relay: Relay, name: Name
) -> None:
    own_system.kill()
    await asyncio.to_thread(own_system.start)
    accounts = [await pds.create_account(name("busy")), await other_pds.create_account(name("busy"))]
    subjects = [await account.create(TRACK, track("Subject")) for account in accounts for _ in range(3)]
    writers = [Writer(account, subjects, seed) for seed, account in enumerate(accounts)]
    tasks = [asyncio.create_task(writer.run()) for writer in writers]
    disturbances: list[Callable[[], None]] = [
        lambda: own_system.signal_indexer(signal.SIGKILL),
        own_system.stop,
        own_system.start,
        lambda: own_system.signal_indexer(signal.SIGTERM),
        own_system.kill,
        own_system.start,
        lambda: own_system.signal_indexer(signal.SIGKILL),
    ]
    for disturb in disturbances:
        await asyncio.sleep(1.0)
        await asyncio.to_thread(disturb)
    await relay.drop()
    await asyncio.sleep(0.5)
    await relay.replay(200)
    await asyncio.sleep(1.0)
    for writer in writers:
        writer.finish()
    await asyncio.gather(*tasks)

    assert all(writer.writes > 50 for writer in writers)
    await eventually(lambda: index_equals_pds(own_system, own_appview, accounts), deadline=CATCH_UP, pause=0.5)
