"""How soon a write can be read: one `createRecord` at a time on a live system that follows a real PDS by a relay.

Each track is asked for by `getTrack` from before it is written until it is answered. Given are the times from the
PDS's answer to the write, and from the arrival of the commit's frame, which a second subscriber to the same relay
sees at the same moment as the indexer. Needs the checkout: the real network and the system's start are those of the
end-to-end tests. One write is in flight at any time; what is left of the PDS's own delay is given as `frameDelay`.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from aiohttp import ClientSession

from benchmarks.report import Figures, milliseconds
from tests.e2e.firehose import Firehose, subscribe
from tests.e2e.music import TRACK, track
from tests.e2e.pds import Account, Pds
from tests.e2e.realnet import NetworkInfo, boot
from tests.e2e.system import AppView, System, SystemFailed

WARM_UP = 10  # writes that are not counted
PATIENCE = 30.0  # seconds for one write to be readable
POLL = 0.002  # seconds between an answer "unknown" and the next question


@dataclass(frozen=True)
class Sample:
    """Moments of one write, by one clock, in seconds."""

    answered: float
    arrived: float
    readable: float


def run(writes: Annotated[int, typer.Option(min=2, help="writes that are counted")] = 300) -> Figures:
    """From createRecord's answer, and from the frame's arrival, to the record in a query's answer."""
    with tempfile.TemporaryDirectory(prefix="plyr-freshness-") as folder:
        root = Path(folder)
        with boot(root / "network") as network:
            system = System(root, network)
            system.start()
            try:
                samples = asyncio.run(_measure(network, system, writes))
            except TimeoutError as fault:
                raise SystemFailed(f"a write was not readable within {PATIENCE:.0f} s:\n{system.log()}") from fault
            finally:
                system.stop()
    return {
        "writes": writes,
        "fromAnswerMs": milliseconds([sample.readable - sample.answered for sample in samples]),
        "fromArrivalMs": milliseconds([sample.readable - sample.arrived for sample in samples]),
        "frameDelayMs": milliseconds([sample.arrived - sample.answered for sample in samples]),
    }


async def _measure(network: NetworkInfo, system: System, writes: int) -> list[Sample]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        firehose = await stack.enter_async_context(subscribe(http, network.relay.firehose))
        appview = AppView(http, system.url)
        account = await Pds(http, network.pds[0], network.admin_password).create_account("freshness")
        samples = [await _sample(account, firehose, appview, number) for number in range(WARM_UP + writes)]
        return samples[WARM_UP:]


async def _sample(account: Account, firehose: Firehose, appview: AppView, number: int) -> Sample:
    rkey = f"fresh-{number:06}"
    uri = f"at://{account.did}/{TRACK}/{rkey}"
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        arrived = tasks.create_task(_arrival(firehose, account.did))
        readable = tasks.create_task(_readable(appview, uri))
        await account.create(TRACK, track(f"Track {number}"), rkey=rkey)
        answered = perf_counter()
    return Sample(answered, arrived.result(), readable.result())


async def _arrival(firehose: Firehose, did: str) -> float:
    await firehose.next_commit(did)
    return perf_counter()


async def _readable(appview: AppView, uri: str) -> float:
    while (await appview.ask("fm.plyr.feed.getTrack", uri=uri))[0] != 200:  # noqa: ASYNC110 - another process's state
        await asyncio.sleep(POLL)
    return perf_counter()
