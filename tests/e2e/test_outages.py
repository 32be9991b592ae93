"""A PDS, or the PLC directory, is away while repos are being fetched: nobody else waits for it, and nothing is lost.

The system is told to be slow towards the host that goes away, so that it goes in the middle of the backfill.
"""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import ClientSession

from tests.e2e.comparing import index_equals_pds
from tests.e2e.gate import Gate
from tests.e2e.music import LIKE, PLAY, TRACK, like, play, track
from tests.e2e.pds import Account, Pds, Written, creation
from tests.e2e.polling import eventually
from tests.e2e.realnet import NetworkInfo
from tests.e2e.relay import Relay
from tests.e2e.stored import failed, synced
from tests.e2e.system import AppView, Starter

Name = Callable[[str], str]

CATCH_UP = 60.0  # seconds; it takes about 3 on an idle machine
SHORT_PAUSES = {"SYNC_RETRY_MIN": "0.5", "SYNC_RETRY_MAX": "1", "SYNC_POLL": "0.2"}


@pytest.fixture
async def hosts(own_network: NetworkInfo, http: ClientSession) -> list[Pds]:
    return [Pds(http, info, own_network.admin_password) for info in own_network.pds]


async def person(pds: Pds, name: str) -> Account:
    """Somebody with a track, a like of it and some plays, before there is an index."""
    account = await pds.create_account(name)
    written = await account.create(TRACK, track("Before"))
    plays = [creation(PLAY, play(f"Song {number}", ago=number + 1), rkey=f"play-{number}") for number in range(5)]
    await account.apply_writes([creation(LIKE, like(written), rkey="like"), *plays])
    return account


async def people(pds: Pds, name: Name, count: int) -> list[Account]:
    return list(await asyncio.gather(*(person(pds, name("person")) for _ in range(count))))


def dids(accounts: list[Account]) -> set[str]:
    return {account.did for account in accounts}


async def has_some(dsn: str, accounts: list[Account], least: int) -> None:
    assert len(await synced(dsn, dids(accounts))) >= least


async def has_all(dsn: str, accounts: list[Account]) -> None:
    assert await synced(dsn, dids(accounts)) == dids(accounts)


async def has_met_a_failure(dsn: str, accounts: list[Account]) -> None:
    assert await failed(dsn, dids(accounts))


async def shows(appview: AppView, written: Written) -> None:
    assert (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]["cid"] == written.cid


async def test_a_pds_that_goes_away_during_its_backfill_holds_up_no_other_and_is_caught_up_with_afterwards(
    own_network: NetworkInfo, hosts: list[Pds], http: ClientSession, start_system: Starter, name: Name
) -> None:
    staying, leaving = hosts
    here, gone = await people(staying, name, 3), await people(leaving, name, 8)
    settings = {**SHORT_PAUSES, "HOST_RATE": "2", "HOST_CONCURRENCY": "1"}
    system = await asyncio.to_thread(start_system, own_network, **settings)
    relay, appview = Relay(http, own_network.relay), AppView(http, system.url)
    await eventually(lambda: has_some(system.dsn, gone, 1))
    await relay.take_away(leaving.info)

    await eventually(lambda: has_all(system.dsn, here))
    await eventually(lambda: has_met_a_failure(system.dsn, gone))
    written = await here[0].create(TRACK, track("Written during the outage"))
    await eventually(lambda: shows(appview, written))
    assert await synced(system.dsn, dids(gone)) < dids(gone)

    await relay.bring_back(leaving.info)
    later = await gone[0].create(TRACK, track("Written after the outage"))
    await eventually(lambda: shows(appview, later), deadline=CATCH_UP)
    await eventually(lambda: index_equals_pds(system, appview, [*here, *gone]), deadline=CATCH_UP, pause=0.5)


async def test_while_the_plc_directory_is_away_known_accounts_go_on_and_unknown_ones_are_not_forgotten(
    own_network: NetworkInfo, hosts: list[Pds], http: ClientSession, start_system: Starter, name: Name
) -> None:
    async with Gate(own_network.plc) as plc:
        early = await people(hosts[0], name, 4) + await people(hosts[1], name, 4)
        settings = {**SHORT_PAUSES, "PLC_URL": plc.url, "PLC_RATE": "3", "IDENTITY_NEGATIVE_TTL": "0.5"}
        system = await asyncio.to_thread(start_system, own_network, **settings)
        appview = AppView(http, system.url)
        await eventually(lambda: has_some(system.dsn, early, 2))
        await plc.shut()

        await eventually(lambda: has_met_a_failure(system.dsn, early))
        known = await synced(system.dsn, dids(early))
        assert known < dids(early)
        written = {account.did: await account.create(TRACK, track("During the outage")) for account in early}
        newcomer = await person(hosts[0], name("newcomer"))
        for did in known:
            await eventually(lambda did=did: shows(appview, written[did]))
        assert await synced(system.dsn, dids([*early, newcomer])) == known

        await plc.open()
        await eventually(lambda: index_equals_pds(system, appview, [*early, newcomer]), deadline=CATCH_UP, pause=0.5)
