"""How long the event loop is kept from everything else by one piece of work: measured, and shown as a metric.

A task sleeps for a moment again and again; what it is woken late is how long something did not let go. On a machine
that is busy with other processes, their turns count too. One task.
"""

from __future__ import annotations

import asyncio

from indexer import metrics

# How long it sleeps [s]: a stall is seen whole but for the part in which it slept.
TICK = 0.01


class StallWatch:
    """Measures the loop that it runs in."""

    async def run(self, stop: asyncio.Event) -> None:
        """Measure until `stop`."""
        loop = asyncio.get_running_loop()
        longest = 0.0
        while not stop.is_set():
            asleep = loop.time()
            await asyncio.sleep(TICK)
            late = max(0.0, loop.time() - asleep - TICK)
            metrics.LOOP_DELAY.observe(late)
            if late > longest:
                longest = late
                metrics.LONGEST_STALL.set(longest)
