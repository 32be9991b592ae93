"""The read API as its operator runs it, `plyr-appview serve`, on a free port of loopback."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import orjson

from benchmarks.processes import Part, running
from runtime.settings import Settings

PATIENCE = 30.0  # seconds until the server answers
LOOK = 0.05  # seconds between two attempts


@contextmanager
def serving(settings: Settings) -> Generator[tuple[Part, int]]:
    """The server process and its port, once it is healthy, until the end of the context."""
    port = _free_port()
    with running("serve", settings.model_copy(update={"listen": f"127.0.0.1:{port}"})) as part:
        deadline = monotonic() + PATIENCE
        while not _is_healthy(port):
            part.check()
            if monotonic() > deadline:
                raise TimeoutError(f"the server is not healthy after {PATIENCE:g} s")
            sleep(LOOK)
        yield part, port


def fetch(port: int, path: str) -> dict[str, Any]:
    """The JSON of one answer. Raises URLError for any other than 200."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return orjson.loads(answer.read())


def _is_healthy(port: int) -> bool:
    try:
        return bool(fetch(port, "/xrpc/_health"))
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
