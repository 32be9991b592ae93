"""The system under test, run as its user runs it: `plyr-appview up` on the command line, settings by environment.

It has a data folder of its own (with an embedded Postgres), follows the relay of the real network, and listens on
loopback. `System` starts it, stops it, and kills it or one of its parts; `AppView` asks it over HTTP.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from aiohttp import ClientSession

from runtime.postgres import socket_dsn
from tests.e2e.realnet import NetworkInfo

START_TIMEOUT = 90.0  # seconds until /xrpc/_health answers; about 5 on an idle machine
STOP_TIMEOUT = 12.0  # seconds; the system promises 10

Answer = dict[str, Any]


class SystemFailed(Exception):
    """The system did not start or did not stop; the message carries the end of its log."""


class System:
    """One instance of the whole system on `folder`; may be started and ended any number of times."""

    def __init__(self, folder: Path, network: NetworkInfo, **settings: str) -> None:
        self.data_dir = folder / "data"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.metrics_url = f"http://127.0.0.1:{_free_port()}/metrics"
        self._log_file = folder / "system.log"
        self._env = _environment(network, self, settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The address of its database, for looks at what the read API does not give out."""
        return socket_dsn(self.data_dir / "postgres" / "cluster")

    def start(self) -> None:
        """Starts it and waits until it is healthy; SystemFailed otherwise."""
        command = Path(sys.executable).parent / "plyr-appview"
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [command, "up"], env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = monotonic() + START_TIMEOUT
        while not self._healthy():
            if self._process.poll() is not None or monotonic() > deadline:
                self.kill()
                raise SystemFailed(f"the system did not become healthy:\n{self.log()}")
            sleep(0.05)

    def stop(self) -> None:
        """Asks it to end, as Ctrl-C would; SystemFailed when it, or one of its parts, is still there afterwards."""
        if self._process is None:
            return
        parts = self._tree()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT)
        _, left = psutil.wait_procs(parts, timeout=1.0)
        alive = [part for part in left if _lives(part)]
        if self._process.poll() is None or alive:
            self.kill()
            raise SystemFailed(f"the system did not end in time: {alive}\n{self.log()}")
        self._process = None

    def kill(self) -> None:
        """Ends the whole process tree at once (`kill -9`)."""
        if self._process is None:
            return
        parts = self._tree()
        self._process.kill()
        self._process.wait()
        for part in parts:
            if part.is_running():
                part.kill()
        psutil.wait_procs([part for part in parts if _lives(part)], timeout=STOP_TIMEOUT)
        self._process = None

    def signal_indexer(self, number: signal.Signals) -> None:
        """Sends a signal to the indexer alone, and waits until that process has ended."""
        assert self._process is not None
        indexer: list[psutil.Process] = []
        deadline = monotonic() + START_TIMEOUT
        while not indexer:  # it may just be being started again
            parts = psutil.Process(self._process.pid).children()
            indexer = [part for part in parts if "index" in part.cmdline()]
            if monotonic() > deadline:
                raise SystemFailed(f"the indexer does not run:\n{self.log()}")
            sleep(0.05)
        indexer[0].send_signal(number)
        indexer[0].wait(STOP_TIMEOUT)

    def _tree(self) -> list[psutil.Process]:
        """Every process below, the embedded server's included."""
        assert self._process is not None
        return psutil.Process(self._process.pid).children(recursive=True) if self._process.poll() is None else []

    def _healthy(self) -> bool:
        try:
            with urlopen(f"{self.url}/xrpc/_health", timeout=5.0) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def log(self) -> str:
        """The end of what its processes have logged."""
        return self._log_file.read_text(errors="replace")[-6_000:]


class Starter(Protocol):
    """Starts a system on a folder of its own, with these settings beside the usual ones."""

    def __call__(self, network: NetworkInfo, **settings: str) -> System: ...


class AppView:
    """The read API, asked by a client."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self.url = url
        self._http = http

    async def get(self, method: str, **params: Any) -> Answer:
        """The answer of a query. AssertionError unless it is a 200, so that `eventually` asks again."""
        status, body = await self.ask(method, **params)
        assert status == 200, f"{method} {params}: {status} {body}"
        return body

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        """Status and error name of a query that is refused."""
        status, body = await self.ask(method, **params)
        assert status != 200, f"{method} {params} is answered: {json.dumps(body)[:500]}"
        return status, body["error"]

    async def ask(self, method: str, **params: Any) -> tuple[int, Answer]:
        """Status and JSON body; a list gives a repeated parameter."""
        async with self._http.get(f"{self.url}/xrpc/{method}", params=list(pairs(params))) as answer:
            return answer.status, await answer.json()

    async def all(self, method: str, key: str, **params: Any) -> list[Answer]:
        """The items under `key` of every page."""
        items: list[Answer] = []
        while True:
            page = await self.get(method, **params)
            items += page[key]
            if "cursor" not in page:
                return items
            params["cursor"] = page["cursor"]


def _lives(process: psutil.Process) -> bool:
    """Whether it still does something: one that has ended may stay listed until its new parent collects it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pairs(params: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The parameters of a query as a URL gives them."""
    for name, value in params.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, str(each)


def _environment(network: NetworkInfo, system: System, settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
    origins = {"LISTEN": system.url, "ADMIN_LISTEN": system.metrics_url.removesuffix("/metrics")}
    given = {
        "DATA_DIR": str(system.data_dir),
        "RELAY_URLS": network.relay.url.replace("http://", "ws://"),
        "PLC_URL": network.plc,
        "HANDLE_RESOLVER": network.pds[0].url,
        "TRUST_LOOPBACK": "true",
        "HOST_RATE": "1000",  # every account of the tests lives on one of two hosts
        "PLC_RATE": "1000",
        "RATE_LIMIT": "0",  # every client of the tests has one address
        "SYNC_RETRY_MIN": "2",  # or repos whose fetch the tests break off often wait for minutes
        "IDENTITY_REFRESH_MIN": "1",  # or a forged commit holds its test up for 10 s
        **{name: origin.removeprefix("http://") for name, origin in origins.items()},
        **settings,
    }
    return {**inherited, **{f"PLYR_{name}": value for name, value in given.items()}}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
