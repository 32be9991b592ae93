"""A process that is stopping hears signals to its very end: however many come, none kills it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Final

import pytest

# The part says what it does. Each way of ending is drawn out, so that signals meet all of them.
PROGRAM: Final = """
import asyncio, atexit, sys, time
import uvloop
from cli.process import end_in_peace, stop_on_signals

def say(what):
    sys.stdout.write(what + "\\n")
    sys.stdout.flush()

async def main():
    stop = asyncio.Event()
    stop_on_signals(stop)
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.3)
    say("runs")
    await stop.wait()
    say("stops")
    await asyncio.sleep(0.3)

atexit.register(lambda: (say("ends"), time.sleep(0.3)))
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
end_in_peace()
say("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_signal_kills_a_process_that_is_stopping(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        sent = 0
        while process.poll() is None:
            process.send_signal(number)
            sent += 1
            time.sleep(0.002)
        assert process.stdout.read().split() == ["stops", "ended", "ends"]
    assert process.returncode == 0
    assert sent > 20
