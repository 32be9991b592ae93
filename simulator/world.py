"""A seeded world: hosting, the people on it, and their life. Pure but for the clock; see the package for its use."""

from __future__ import annotations

from simulator.founding import Population, found
from simulator.hosting import Clock, Hosting, wall_clock
from simulator.log import Retention
from simulator.scene import Scene
from simulator.traffic import Traffic


class World(Hosting):
    """A populated network as its hosts know it.

    One seed, population and clock give the same world, byte for byte, and the same life for the same calls. `events`
    holds what was announced, the arrival of everybody included, as far back as `retention` keeps it; `accounts` holds
    what came of it. `hosts`: how many PDSes.
    """

    def __init__(
        self,
        seed: int,
        population: Population | None = None,
        *,
        hosts: int = 2,
        clock: Clock = wall_clock,
        retention: Retention | None = None,
    ) -> None:
        super().__init__(seed, hosts=hosts, clock=clock, retention=retention or Retention())
        self.scene = Scene(self)
        self._traffic = Traffic(self, self.scene)
        found(self, self.scene, population or Population())

    def live(self, steps: int = 1) -> None:
        """Let people do something, so many times."""
        for _ in range(steps):
            self._traffic.step()
