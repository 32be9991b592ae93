"""How a world comes to be populated: everybody arrives within two days, and brings a history of two months along.

Artists come first, then those who listen to them, then strangers. Histories are committed in batches, as an importer's
`applyWrites` would, at rising times; their records are as old as they say. One generator, in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from random import Random
from typing import Final

from protocol.syntax import Did
from simulator.hosting import Hosting
from simulator.records import SECOND
from simulator.repo import Write
from simulator.scene import Scene
from simulator.words import WORDS

DAY: Final = 86_400 * SECOND
_ARRIVALS: Final = 2 * DAY
_HISTORY: Final = 60 * DAY
_BATCH: Final = 100
_COMMITS_EACH: Final = 8


@dataclass(frozen=True, slots=True)
class Population:
    """How many there are of each kind, and how many records a person has: the least and the most. Most have few."""

    artists: int = 20
    listeners: int = 80
    strangers: int = 20
    records: tuple[int, int] = (5, 120)

    @property
    def people(self) -> int:
        return self.artists + self.listeners + self.strangers


def found(hosting: Hosting, scene: Scene, population: Population) -> None:
    """Create everybody and what they have written."""
    founding = _Founding(hosting, scene, population)
    for number in range(population.artists):
        name, handle = WORDS["artists"][number % len(WORDS["artists"])]
        founding.artist(name if number < len(WORDS["artists"]) else f"{name} {number}", f"{handle}-{number}.test")
    for number in range(population.listeners):
        founding.listener(f"{WORDS['listeners'][number % len(WORDS['listeners'])]}", f"listener-{number}.test")
    for did in scene.artists:
        founding.catch_up(did)
    for number in range(population.strangers):
        founding.stranger(f"stranger-{number}.test")


class _Founding:
    """The clock and the dice of it."""

    def __init__(self, hosting: Hosting, scene: Scene, population: Population) -> None:
        self._hosting = hosting
        self._scene = scene
        self._least, self._most = population.records
        self._rng = hosting.random("founding")
        self._begin = hosting.now() - _ARRIVALS
        self._now = self._begin
        self._step = min(SECOND, _ARRIVALS // (population.people * _COMMITS_EACH + 1))

    def artist(self, name: str, handle: str) -> None:
        did = self._arrive(name, handle, self._scene.artists)
        tracks = max(2, min(30, self._size() // 3))
        self._write(did, self._profiles(did))
        self._write(did, (self._scene.new_track(self._rng, did, at) for at in self._past(tracks)))

    def catch_up(self, did: Did) -> None:
        """What an artist does once everybody is there."""
        album = self._scene.album(self._rng, did, self._begin)
        self._write(did, chain([album] if album else [], self._doings(self._size() // 2)))

    def listener(self, name: str, handle: str) -> None:
        did = self._arrive(name, handle, self._scene.listeners)
        self._write(did, chain(self._profiles(did), self._doings(self._size())))
        if self._rng.random() < 0.5:
            song = self._scene.some_song(self._rng)
            self._write(did, [self._scene.status(self._rng, did, song, self._now)])

    def stranger(self, handle: str) -> None:
        did = self._arrive(handle, handle, self._scene.strangers)
        self._write(did, (self._scene.post(self._rng, at) for at in self._past(self._size())))

    def _arrive(self, name: str, handle: str, circle: list[Did]) -> Did:
        curve = "p256" if self._rng.random() < 0.25 else "k256"
        host = self._rng.randrange(self._hosting.hosts)
        did = self._hosting.create_account(handle, curve=curve, host=host, at=self._tick()).did
        self._scene.names[did] = name
        circle.append(did)
        return did

    def _profiles(self, did: Did) -> list[Write]:
        return self._scene.profiles(self._rng, did, self._now)

    def _doings(self, count: int) -> Iterator[Write]:
        """What one person has liked, played, said and collected."""
        for at in self._past(count):
            yield self._rng.choices(_DOINGS, _SHARES)[0](self._scene, self._rng, at)

    def _past(self, count: int) -> list[int]:
        """Times in the past, each another, in order."""
        offsets = self._rng.sample(range(_HISTORY // SECOND), count)
        return sorted(self._begin - offset * SECOND - self._rng.randrange(SECOND) for offset in offsets)

    def _size(self) -> int:
        """How much one person has written: as often 5 to 10 as 50 to 100."""
        return round(self._least * (self._most / self._least) ** self._rng.random())

    def _write(self, did: Did, writes: Iterable[Write]) -> None:
        rest = iter(writes)
        while batch := list(islice(rest, _BATCH)):
            self._hosting.write(did, batch, at=self._tick())

    def _tick(self) -> int:
        self._now += self._step
        return self._now


def _play(scene: Scene, rng: Random, at: int) -> Write:
    return scene.play(rng, scene.some_song(rng), at)


_DOINGS: Final[tuple[Callable[[Scene, Random, int], Write], ...]] = (
    _play,
    lambda scene, rng, at: scene.like(rng, at),
    lambda scene, rng, at: scene.comment(rng, at),
    lambda scene, rng, at: scene.playlist(rng, at),
)
_SHARES: Final = (60, 30, 7, 3)
