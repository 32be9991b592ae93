"""A relay's traffic, about as fast as bytes can be copied: the network at large, and in it the life of a world.

What is ours is real: the world lives on, and its events are framed as they happen. The others' frames are copies of a
few hundred real ones, from strangers' large repos, each with a number, a time and an author of its own: nothing in them
verifies, as nobody looks that far into what is none of his business. Memory does not grow with the count.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import records
from simulator.events import Event, IdentityEvent, frame, wire_time
from simulator.hosting import Account, Hosting
from simulator.log import Retention
from simulator.repo import MAX_OPS, Write
from simulator.world import World

FIRST_SEQ: Final = 1 << 33
"""From here on every number takes the same nine bytes."""

_POST: Final = Nsid("app.bsky.feed.post")
_REPO_SIZES: Final = (300, 600, 1_200, 2_500, 5_000, 10_000)
_TEMPLATES: Final = 300
_SHARE_OF_IDENTITIES: Final = 0.02
_SHARE_OF_MANY_OPS: Final = 0.1
_SEQ_KEY: Final = b"cseq\x1b"
_TIME_KEY: Final = b"dtime\x78\x18"
_PLC: Final = b"did:plc:"


class _Template(NamedTuple):
    """A stranger's frame, and where in it the number, the time and the author's identifier stand."""

    frame: bytes
    seq_at: int
    time_at: int
    author_at: int


def record_frames(world: World, count: int, share_ours: float = 0.01) -> Iterator[bytes]:
    """`count` frames with rising numbers from `FIRST_SEQ`, about `share_ours` of them the world's, which lives on by
    them. Commits have 1 to 10 KB. The same world, count and share give the same frames."""
    rng = world.random("bulk")
    templates = _templates(world, rng)
    position = world.events.next
    for seq in range(FIRST_SEQ, FIRST_SEQ + count):
        if rng.random() >= share_ours:
            yield _copy(rng.choice(templates), seq, world.now(), rng)
            continue
        while position == world.events.next:
            world.live()
        yield frame(world.events[position], seq)
        position += 1


def strangers_events(world: World) -> Iterator[Event]:
    """The same network at large as endless events, each of another author who is nobody's."""
    rng = world.random("strangers")
    hosting = _large_repos(world, rng)
    copied = [_event(hosting, rng, rng.choice(list(hosting.accounts.values()))) for _ in range(_TEMPLATES)]
    while True:
        author = Did(_PLC.decode() + base64.b32encode(rng.randbytes(15)).decode().lower())
        yield replace(rng.choice(copied), did=author, micros=world.now())


def _copy(template: _Template, seq: int, micros: int, rng: Random) -> bytes:
    data, seq_at, time_at, author_at = template
    copy = bytearray(data)
    copy[seq_at : seq_at + 8] = seq.to_bytes(8)
    copy[time_at : time_at + 24] = wire_time(micros).encode()
    copy[author_at : author_at + 24] = base64.b32encode(rng.randbytes(15)).lower()
    return bytes(copy)


def _templates(world: World, rng: Random) -> list[_Template]:
    hosting = _large_repos(world, rng)
    strangers = list(hosting.accounts.values())
    return [_template(_event(hosting, rng, rng.choice(strangers))) for _ in range(_TEMPLATES)]


def _large_repos(world: World, rng: Random) -> Hosting:
    """Strangers, somewhere else."""
    hosting = Hosting(rng.getrandbits(32), hosts=1, clock=world.now, retention=Retention(events=1))
    for number, size in enumerate(_REPO_SIZES):
        _fill(hosting, rng, number, size)
    return hosting


def _fill(hosting: Hosting, rng: Random, number: int, size: int) -> None:
    """Somebody with a repo of `size` posts: the larger it is, the larger are its commits."""
    account = hosting.create_account(f"stranger-{number}.test")
    for _ in range(size // MAX_OPS + 1):
        hosting.write(account.did, [_post(hosting, rng) for _ in range(MAX_OPS)])


def _event(hosting: Hosting, rng: Random, stranger: Account) -> Event:
    if rng.random() < _SHARE_OF_IDENTITIES:
        return IdentityEvent(stranger.host, stranger.did, hosting.now(), stranger.handle)
    ops = rng.randint(2, 10) if rng.random() < _SHARE_OF_MANY_OPS else 1
    return hosting.write(stranger.did, [_post(hosting, rng) for _ in range(ops)])


def _post(hosting: Hosting, rng: Random) -> Write:
    at = hosting.now()
    return Write("create", _POST, RecordKey(Tid.from_micros(at, 0)), records.post(rng, at))


def _template(event: Event) -> _Template:
    data = frame(event, FIRST_SEQ)
    keys = (_SEQ_KEY, _TIME_KEY, _PLC)
    return _Template(data, *(data.index(key) + len(key) for key in keys))
