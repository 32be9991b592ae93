"""What goes wrong between the hosts and whoever reads them; the world itself stays true.

    faults = Faults(world, Chances.some(world.random("chances")))
    async with Network(world, faults) as network:
        ...
        faults.end()                              # from now on everything is as it should be
        for did in sorted(faults.lost):           # what nobody was told of, the hosts say again
            world.announce_again(did)

Four doors: `carried` stands between a host and the relay (events lost, late, repeated, stripped, forged), `skips` is
where the relay counts, `send` between the relay and a subscriber (frames cut, spoilt, doubled, stalled; connections
dropped), `middleware` before every HTTP answer (http_faults.py). What happens is drawn by the seed; when it happens
depends on who asks, and when.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Final, Self

from aiohttp import web

from protocol.crypto import PrivateKey
from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator.codec import Cid, encode, write_car
from simulator.events import AccountEvent, CommitEvent, Event, SyncEvent, frame, info_frame, wire_time
from simulator.http_faults import NO_HTTP_FAULTS, HttpChances, HttpFaults
from simulator.repo import Commit, Repo, Write
from simulator.world import World

_HOLDS_AT_MOST: Final = 20
# A rev that is taken would keep out the account's own for so long; the last is of a future that nobody takes.
_AHEAD_MICROS: Final = (1, 1_000, 200_000_000, 86_400_000_000)
_FORGED: Final = Nsid("fm.plyr.actor.profile")


@dataclass(frozen=True, slots=True)
class Chances:
    """How often each thing happens to an event on its way to the relay, to a frame, or to an answer: 0 to 1."""

    # Between host and relay.
    lose: float = 0.0
    hold: float = 0.0  # overtaken by events of other repos
    repeat: float = 0.0  # again, under another number
    replay: float = 0.0  # something old, under a new number
    strip: float = 0.0  # no prevData and no prev, as old software
    mangle: float = 0.0  # signed, but the event does not say what the tree does
    forge: float = 0.0  # beside it comes what the account never signed
    ghost: float = 0.0  # beside it comes something of an account that does not exist
    skip: float = 0.0  # a number is left out before its own: nothing is missing
    # Between relay and subscriber.
    drop: float = 0.0
    truncate: float = 0.0
    spoil: float = 0.0
    double: float = 0.0
    junk: float = 0.0
    stall: float = 0.0
    http: HttpChances = NO_HTTP_FAULTS

    @classmethod
    def some(cls, rng: Random) -> Self:
        """A few of all kinds, at rates of their own. Numbers are always left out, as on every relay."""
        names = [field.name for field in fields(cls) if field.name not in ("http", "skip")]
        chosen = {name: rng.uniform(0.005, 0.08) for name in names if rng.random() < 0.5}
        return cls(**chosen, http=HttpChances.some(rng), skip=rng.uniform(0.005, 0.3))


class Faults:
    """`lost`: the accounts of which something did not arrive. `happened`: how often each fault has.

    `stall`: how long a stalled stream is silent, and a stalled answer takes [s].
    """

    def __init__(self, world: World, chances: Chances, *, stall: float = 2.0) -> None:
        self.lost: set[Did] = set()
        self.happened: Counter[str] = Counter()
        self._world = world
        self._chances = chances
        self._stall = stall
        self._rng = world.random("faults")
        self._wire = world.random("wire")
        self._numbers = world.random("numbers")
        self._held: dict[Did, deque[Event]] = {}
        self._since_held = 0
        self._http = HttpFaults(world.random("http"), chances.http, self.lost, self.happened, stall)
        self.middleware = self._http.middleware

    def begin(self, chances: Chances) -> None:
        """From now on things go wrong so often."""
        self._chances = chances
        self._http.begin(chances.http)

    def end(self) -> None:
        """No fault happens from now on. What is held comes with the next event."""
        self.begin(Chances())

    def carried(self, event: Event) -> Iterator[Event]:
        """What the relay gets in place of an event."""
        rng = self._rng
        if event.did in self._held:
            self._held[event.did].append(event)
            yield from self._overdue()
            return
        if self._strikes(rng, "lose"):
            self.lost.add(event.did)
            return
        if self._strikes(rng, "hold"):
            self._held[event.did] = deque([event])
            return
        yield from self._altered(event)
        yield from self._overdue()

    def skips(self) -> bool:
        """Whether the relay leaves out a number."""
        return self._strikes(self._numbers, "skip")

    async def send(self, socket: web.WebSocketResponse, event: Event, seq: int) -> None:
        """Send the event's frame, or what becomes of it. Raises ConnectionAbortedError: cut the connection."""
        rng = self._wire
        if self._strikes(rng, "drop"):
            raise ConnectionAbortedError
        if self._strikes(rng, "stall"):
            await asyncio.sleep(self._stall)
        data = frame(event, seq)
        if self._strikes(rng, "truncate"):
            self.lost.add(event.did)
            data = data[: rng.randrange(len(data))]
        if self._strikes(rng, "spoil"):
            data = self._spoilt(event, data)
        if self._strikes(rng, "junk"):
            await socket.send_bytes(rng.choice((info_frame("Hello", "there"), rng.randbytes(40), b"", _unknown(seq))))
        await socket.send_bytes(data)
        if self._strikes(rng, "double"):
            await socket.send_bytes(data)

    def _strikes(self, rng: Random, fault: str) -> bool:
        strikes = rng.random() < getattr(self._chances, fault)
        self.happened[fault] += strikes
        return strikes

    def _overdue(self) -> Iterator[Event]:
        """What was held, when enough has overtaken it."""
        self._since_held += 1
        if self._held and (self._since_held >= _HOLDS_AT_MOST or not self._chances.hold):
            self._since_held = 0
            held, self._held = self._held, {}
            for events in held.values():
                yield from events

    def _altered(self, event: Event) -> Iterator[Event]:
        rng = self._rng
        if isinstance(event, CommitEvent) and self._strikes(rng, "strip"):
            event = replace(event, prev_data=None, ops=tuple(replace(op, prev=None) for op in event.ops))
        elif isinstance(event, CommitEvent) and self._strikes(rng, "mangle"):
            event = self._mangled(event)
        yield event
        if self._strikes(rng, "forge"):
            yield from self._forged(event)
        if self._strikes(rng, "ghost"):
            yield self._ghost(event)
        if self._strikes(rng, "repeat"):
            yield event
        if self._strikes(rng, "replay"):
            past = self._world.events
            yield past[rng.randrange(past.first, past.next)]

    def _mangled(self, event: CommitEvent) -> CommitEvent:
        """The commit is its account's; what is said of it is not true, or the proof is missing."""
        head = self._world.account(event.did).active_repo.head
        alone = write_car(head.cid, {head.cid: head.block})
        other = Cid.of_block(self._rng.randbytes(8))
        if not event.ops or head.cid != event.commit or self._rng.random() < 0.2:
            return self._rng.choice((replace(event, prev_data=other), replace(event, since=Tid.from_micros(1, 1))))
        silent = replace(event, ops=event.ops[1:])
        lying = replace(event, ops=tuple(op if op.cid is None else replace(op, cid=other) for op in event.ops))
        return self._rng.choice((silent, silent, lying, replace(event, blocks=alone)))

    def _forged(self, event: Event) -> Iterator[Event]:
        """What follows on the account's last commit in every way, but that another has signed it."""
        account, rng = self._world.account(event.did), self._rng
        if account.repo is None or account.status is not None:
            return
        rev = Tid.from_micros(self._world.now() + rng.choice(_AHEAD_MICROS), rng.randrange(1024))
        key = PrivateKey.generate("k256", rng.randbytes(32))
        value = {"$type": str(_FORGED), "createdAt": wire_time(event.micros), "bio": "forged"}
        write = Write("create", _FORGED, RecordKey(f"forged-{rng.getrandbits(32)}"), value)
        twin = account.repo.copy()
        commit = twin.commit(key, rev, [write])
        yield SyncEvent(account.host, account.did, event.micros, rev, twin.head_car())
        yield _event_of(commit, account.did, event)

    def _ghost(self, event: Event) -> CommitEvent:
        """The first commit of somebody whom no directory knows."""
        did = Did("did:plc:" + "".join(self._rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=24)))
        key = PrivateKey.generate("k256", self._rng.randbytes(32))
        value = {"$type": str(_FORGED), "createdAt": wire_time(event.micros), "bio": "a ghost's"}
        writes = [Write("create", _FORGED, RecordKey("self"), value)]
        return _event_of(Repo(did).commit(key, Tid.from_micros(self._world.now(), 0), writes), did, event)

    def _spoilt(self, event: Event, data: bytes) -> bytes:
        """A byte of the blocks is another: nothing says so but the hashes."""
        if isinstance(event, AccountEvent) or b"fblocks" not in data:
            return data
        self.lost.add(event.did)
        begin = data.index(b"fblocks") + 12
        at = self._wire.randrange(begin, min(begin + len(getattr(event, "blocks", b"")), len(data)))
        return data[:at] + bytes([data[at] ^ self._wire.randrange(1, 256)]) + data[at + 1 :]


def _event_of(commit: Commit, did: Did, beside: Event) -> CommitEvent:
    """How a host would announce the commit, in the place of another event."""
    return CommitEvent(
        host=beside.host,
        did=did,
        micros=beside.micros,
        rev=commit.head.rev,
        since=commit.since,
        commit=commit.head.cid,
        prev_data=commit.prev_data,
        ops=commit.ops,
        blocks=commit.car,
    )


def _unknown(seq: int) -> bytes:
    """A kind of message that nobody knows yet, under the number of the frame before."""
    return encode({"op": 1, "t": "#novelty"}) + encode({"seq": seq - 1, "what": "this"})
