"""What people do, one thing at a time, for as long as anybody asks: they listen, like, say, publish, change, move.

Somebody who listens shows it as a status at once and as a play when the song is over. One generator; with the same
clock the same seed gives the same life. Accounts that are not active are left alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Final

from protocol.syntax import Did
from simulator.hosting import Hosting
from simulator.records import SECOND, Song
from simulator.repo import Write
from simulator.scene import COMMENT, LIKE, TRACK, Scene

_MOST_LISTENING: Final = 1_000


class Traffic:
    """The life of a scene."""

    def __init__(self, hosting: Hosting, scene: Scene) -> None:
        self._hosting = hosting
        self._scene = scene
        self._rng = hosting.random("traffic")
        self._listening: list[tuple[int, int, Did, Song]] = []
        self._listened = 0
        self._acts: Final[dict[Callable[[int], None], float]] = {
            self._listen: 22,
            self._scrobble: 24,
            self._like: 18,
            self._comment: 6,
            self._publish: 4,
            self._edit: 1.5,
            self._collect: 3,
            self._present: 1,
            self._take_back: 3,
            self._rename: 0.3,
            self._chat: 17,
        }
        """What they do, and how often."""

    def step(self) -> None:
        """One thing more happens: something that was due, or something new."""
        now = self._hosting.now()
        if self._listening and self._listening[0][0] <= now:
            _, _, did, song = heapq.heappop(self._listening)
            self._finish(did, song, now)
            return
        act = self._rng.choices(list(self._acts), list(self._acts.values()))[0]
        act(now)

    def _someone(self, circle: Sequence[Did]) -> Did | None:
        """Anybody of a circle whose account is active."""
        if not circle:
            return None
        did = self._rng.choice(circle)
        return did if self._hosting.account(did).status is None else None

    def _write(self, did: Did | None, make: Callable[[Did], Write | None]) -> None:
        write = make(did) if did is not None else None
        if did is not None and write is not None:
            self._hosting.write(did, [write])

    def _listen(self, at: int) -> None:
        did = self._someone(self._scene.listeners)
        if did is None or len(self._listening) >= _MOST_LISTENING:
            return
        song = self._scene.some_song(self._rng)
        self._write(did, lambda did: self._scene.status(self._rng, did, song, at))
        self._listened += 1
        heapq.heappush(self._listening, (at + song.seconds * SECOND, self._listened, did, song))

    def _finish(self, did: Did, song: Song, at: int) -> None:
        """A song is over: it becomes a play, and at times the listener says so in the status too."""
        if self._hosting.account(did).status is not None:
            return
        writes = [self._scene.play(self._rng, song, at - song.seconds * SECOND)]
        if self._rng.random() < 0.3:
            writes.append(self._scene.status(self._rng, did, None, at))
        self._hosting.write(did, writes)

    def _scrobble(self, at: int) -> None:
        song = self._scene.some_song(self._rng)
        self._write(self._someone(self._scene.listeners), lambda _: self._scene.play(self._rng, song, at))

    def _like(self, at: int) -> None:
        self._write(self._someone(self._scene.listeners), lambda _: self._scene.like(self._rng, at))

    def _comment(self, at: int) -> None:
        self._write(self._someone(self._scene.listeners), lambda _: self._scene.comment(self._rng, at))

    def _publish(self, at: int) -> None:
        artist = self._someone(self._scene.artists)
        self._write(artist, lambda did: self._scene.new_track(self._rng, did, at))

    def _edit(self, _: int) -> None:
        self._write(self._someone(self._scene.artists), lambda did: self._scene.edit_track(self._rng, did))

    def _collect(self, at: int) -> None:
        collector = self._someone(self._scene.listeners)
        if self._rng.random() < 0.5:
            self._write(collector, lambda _: self._scene.playlist(self._rng, at))
        else:
            self._write(collector, lambda did: self._scene.extend_list(self._rng, did, at))

    def _present(self, at: int) -> None:
        did = self._someone((*self._scene.artists, *self._scene.listeners))
        profiles = self._scene.profiles(self._rng, did, at) if did else []
        if did and profiles:
            self._hosting.write(did, profiles)

    def _take_back(self, _: int) -> None:
        collection = self._rng.choices((LIKE, COMMENT, TRACK), (70, 25, 5))[0]
        circle = self._scene.artists if collection == TRACK else self._scene.listeners
        self._write(self._someone(circle), lambda did: self._scene.remove(self._rng, did, collection))

    def _rename(self, at: int) -> None:
        did = self._someone(self._scene.listeners)
        if did:
            self._hosting.change_handle(did, f"renamed-{at:x}.test")

    def _chat(self, at: int) -> None:
        self._write(self._someone(self._scene.strangers), lambda _: self._scene.post(self._rng, at))
