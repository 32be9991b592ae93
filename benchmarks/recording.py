"""The stream that the benchmarks of the reader play: the network at large, and in it the people whom we index.

Of a hundred frames one is ours. The others are commits of posts on repos of 1,000 to 8,000 records, so that their
blocks are as large as on the network, with a few `#identity` and `#account` among them. Made from a seed.
"""

from __future__ import annotations

from typing import Final

from benchmarks.crowd import Crowd, hosting, music, small_talk
from benchmarks.player import UNNUMBERED, Recording
from simulator.events import AccountEvent, CommitEvent, Event, IdentityEvent, frame
from simulator.hosting import Account

SEED: Final = 7
GAP: Final = 99
OTHERS: Final = 40 * GAP
SHARE_OF_ACCOUNTS: Final = 0.02  # of the others' frames: #identity and #account
SHARE_OF_MANY_OPS: Final = 0.1


def music_people(people: int) -> Crowd:
    """Those whom we index, as they are before the stream begins."""
    return Crowd(hosting(SEED), people, least=30, most=1_000, writer=music)


def ours(crowd: Crowd, count: int) -> list[bytes]:
    """Frames of so many commits of the crowd, which goes on from where it is."""
    return [frame(_commit(crowd, crowd.some_account()), UNNUMBERED) for _ in range(count)]


def record(crowd: Crowd, count: int, strangers: int) -> Recording:
    """The whole stream, with so many commits of the crowd, and the others of so many strangers."""
    own = ours(crowd, count)
    world = Crowd(hosting(SEED + 1), strangers, least=1_000, most=8_000, writer=small_talk)
    others = [frame(_event(world, world.some_account()), UNNUMBERED) for _ in range(min(OTHERS, GAP * count))]
    return Recording(others, own, GAP)


def _event(crowd: Crowd, account: Account) -> Event:
    fate = crowd.random.random()
    if fate > SHARE_OF_ACCOUNTS:
        return _commit(crowd, account)
    if fate > SHARE_OF_ACCOUNTS / 2:
        return IdentityEvent(account.host, account.did, crowd.now(), account.handle)
    return AccountEvent(account.host, account.did, crowd.now(), None)


def _commit(crowd: Crowd, account: Account) -> CommitEvent:
    many = crowd.random.random() < SHARE_OF_MANY_OPS
    return crowd.commit(account, crowd.random.randint(2, 10) if many else 1)
