"""Other streams than one relay: two relays of which each may be away or blind, and a Jetstream that signs nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from protocol.syntax import Did, Handle
from simulator import IdentityEvent, Network, World, Write
from simulator.faults import Chances
from tests.oracle import acts
from tests.oracle.harness import SMALL, Plan, Show, Sources, deleted_once, make_good, settle, showing

ROUNDS: Final = 120
PAUSE: Final = 0.05
CHATTER: Final = 0.3
NOBODY: Final = Did("did:plc:" + "z" * 24)
PLAN: Final = Plan(patience=120.0, calm=200)
RELAYS: Final[dict[str, Any]] = {"relay_return": 0.5, "sample_rate": 6_000.0, "sample_delay": 0.5, "sample_blind": 3}
JETSTREAM: Final[dict[str, Any]] = {"confirm_interval": 0.5, "confirm_rate": 1_000.0}

pytestmark = pytest.mark.usefixtures("looking")


class TwoRelays:
    """The network's relay, and another that is preferred to it."""

    async def __call__(self, network: Network) -> Sources:
        self.relay, origin = await network.add_relay()
        ends = {
            origin: lambda: self.relay.stream.last_seq,
            network.relay_url: lambda: network.relay.stream.last_seq,
        }
        return Sources(RELAYS | {"relay_urls": tuple(ends)}, ends)

    async def trouble(self, show: Show) -> None:
        """One of them goes, comes back, drops its readers, or is told of nothing any more."""
        rng = show.stage.rng
        relay = rng.choice((self.relay, show.stage.network.relay))
        match rng.choices(("nothing", "goes", "comes", "drops", "turns"), (80, 5, 8, 4, 3))[0]:
            case "goes":
                await relay.stream.go_away()
            case "comes":
                relay.stream.come_back()
            case "drops":
                await relay.stream.close()
            case "turns":
                relay.is_blind = not relay.is_blind
            case _:
                pass

    async def chatter(self, show: Show) -> None:
        """The rest of the network never rests, not even on a blind relay: one that is silent is not well."""
        world = show.stage.world
        while True:
            event = IdentityEvent(0, NOBODY, world.now(), Handle("nobody.test"))
            for relay in (self.relay, show.stage.network.relay):
                relay.stream.append(event)
            await asyncio.sleep(CHATTER)

    def end(self, show: Show) -> None:
        """Both are well again. Whoever was deleted while one was blind may have gone without a word."""
        for relay in (self.relay, show.stage.network.relay):
            relay.stream.come_back()
            relay.is_blind = False
        show.stage.untold |= deleted_once(show.stage.world)


@pytest.mark.parametrize("seed", [940, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(941, 946))])
async def test_whichever_of_two_relays_is_well_tells_all(seed: int, database_url: str, tmp_path: Path) -> None:
    world = World(seed, SMALL, hosts=3)
    relays = TwoRelays()
    async with showing(world, Chances(), database_url, tmp_path, sources=relays) as show:
        chatter = asyncio.create_task(relays.chatter(show))
        for _ in range(ROUNDS):
            acts.act(show.stage)
            await relays.trouble(show)
            await asyncio.sleep(show.stage.rng.random() * PAUSE)
            show.indexer.check()
        relays.end(show)
        make_good(show)
        found = await settle(show, PLAN)
        chatter.cancel()
    assert not found, "\n".join(found)


class OneJetstream:
    """A Jetstream in place of the relay."""

    async def __call__(self, network: Network) -> Sources:
        self.jetstream = await network.add_jetstream()
        origin = network.jetstream_url
        return Sources(JETSTREAM | {"jetstream_urls": (origin,)}, {origin: lambda: self.jetstream.last_micros}, False)

    async def trouble(self, show: Show) -> None:
        """It drops its readers, forgets, or lies; or the indexer dies."""
        rng = show.stage.rng
        match rng.choices(("nothing", "drops", "forgets", "lies", "dies"), (88, 5, 1, 4, 2))[0]:
            case "drops":
                await self.jetstream.close()
            case "forgets":
                self.jetstream.forget()
                await self.jetstream.close()
                show.stage.untold |= deleted_once(show.stage.world)
            case "lies":
                self._lie(show)
            case "dies":
                await show.indexer.kill()
                await show.indexer.start()
            case _:
                pass

    def _lie(self, show: Show) -> None:
        """What nobody has written, or that something is gone that is there."""
        stage = show.stage
        did = stage.live()
        if did is None:
            return
        repo = stage.world.account(did).active_repo
        held = stage.held(did, acts.LIKE)
        place = {"rev": repo.head.rev, "collection": str(acts.LIKE)}
        if held:
            fields = place | {"operation": "delete", "rkey": str(stage.rng.choice(held)[1])}
            self.jetstream.tell("commit", did, fields, stage.world.now())


@pytest.mark.parametrize("seed", [950, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(951, 956))])
async def test_what_a_jetstream_tells_is_true_once_it_is_confirmed(
    seed: int, database_url: str, tmp_path: Path
) -> None:
    world = World(seed, SMALL, hosts=3)
    source = OneJetstream()
    async with showing(world, Chances(), database_url, tmp_path, sources=source) as show:
        for _ in range(ROUNDS):
            acts.act(show.stage)
            await source.trouble(show)
            await asyncio.sleep(show.stage.rng.random() * PAUSE)
            show.indexer.check()
        make_good(show)
        last(show)
        found = await settle(show, PLAN)
    assert not found, "\n".join(found)


def last(show: Show) -> None:
    """Something of ours ends the stream: a Jetstream tells no more than was asked for, and the cursor follows that."""
    world = show.stage.world
    account = world.create_account("last.test")
    world.write(account.did, [Write("create", acts.LIKE, show.stage.rkey(), acts.like(show.stage))])
