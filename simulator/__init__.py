"""A seeded, simulated network: people with music on PDSes, a PLC directory and a relay, all on loopback.

    world = World(seed=1)                                   # accounts, keys, repos, records: everything but sockets
    async with Network(world) as network:                   # relay_url, plc_url, pds_urls, handle_resolver_url, ...
        mira = world.create_account("mira.test", curve="p256", host=1)
        event = await network.write(mira.did, [Write("create", Nsid("fm.plyr.like"), RecordKey("3k..."), value)])
        world.change_handle(mira.did, "mira-two.test")      # also rotate_key, migrate, deactivate, suspend, take_down,
        world.reactivate(mira.did)                          # delete, reactivate, tombstone
        await network.run(rate_per_second=5)                # people live until this is cancelled

`world.live(steps)` lets people live without sockets, `world.events` is what was announced, `world.accounts` what came
of it, and `record_frames` a fast, endless stream for benchmarks. `World(seed, Population(...), clock=...)` is the same
world byte for byte whenever the clock is; each concern has a generator of its own (`world.random(concern)`). The codec
is cbor2 and the tree its own: nothing but syntax and keys is shared with what reads the network.
"""

from simulator.bulk import record_frames
from simulator.codec import Cid
from simulator.events import AccountEvent, CommitEvent, Event, IdentityEvent, SyncEvent
from simulator.founding import Population
from simulator.hosting import Account
from simulator.log import Retention
from simulator.network import Network
from simulator.repo import Write
from simulator.world import World

__all__ = [
    "Account",
    "AccountEvent",
    "Cid",
    "CommitEvent",
    "Event",
    "IdentityEvent",
    "Network",
    "Population",
    "Retention",
    "SyncEvent",
    "World",
    "Write",
    "record_frames",
]
