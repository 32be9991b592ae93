"""Fixtures of the end-to-end tests: a real network for the session, its PDS as a client for each test."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import ClientSession

from tests.e2e.install import ROOT, RealNetworkMissing, cache_folder
from tests.e2e.pds import Pds
from tests.e2e.realnet import NetworkInfo, boot
from tests.e2e.relay import Relay
from tests.e2e.system import AppView, Starter, System


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where the network has to be installed first, begin with it: whoever needs it then waits for the rest alone."""
    wanted = any(item.path.is_relative_to(Path(__file__).parent) for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    with suppress(RealNetworkMissing):
        if not cache_folder().is_dir():
            installing = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.install"],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            session.config.add_cleanup(lambda: _end(installing))


def _end(process: subprocess.Popen[bytes]) -> None:
    """With npm and the compiler, which it may have started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Generator[NetworkInfo]:
    """Two PDSes, their PLC directory and a relay; installed first where that has not been done."""
    yield from _booted(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def own_network(tmp_path_factory: pytest.TempPathFactory) -> Generator[NetworkInfo]:
    """Another one, for a module whose faults would disturb the others."""
    yield from _booted(tmp_path_factory.mktemp("own-network"))


def _booted(folder: Path) -> Generator[NetworkInfo]:
    try:
        with boot(folder, pds=2) as info:
            yield info
    except RealNetworkMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture
async def http() -> AsyncGenerator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def pds(network: NetworkInfo, http: ClientSession) -> Pds:
    """The first PDS."""
    return Pds(http, network.pds[0], network.admin_password)


@pytest.fixture
async def other_pds(network: NetworkInfo, http: ClientSession) -> Pds:
    """The second PDS."""
    return Pds(http, network.pds[1], network.admin_password)


@pytest.fixture
async def relay(network: NetworkInfo, http: ClientSession) -> Relay:
    return Relay(http, network.relay)


@pytest.fixture
def name() -> Callable[[str], str]:
    """Makes names of accounts that no other test of the session uses."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def system(network: NetworkInfo) -> Generator[System]:
    """The whole system, following the network's relay; shared by the tests that do not restart it."""
    with TemporaryDirectory(prefix="plyr-e2e-") as folder:
        system = System(Path(folder), network)
        system.start()
        yield system
        system.stop()


@pytest.fixture(scope="module")
def own_system(network: NetworkInfo) -> Generator[System]:
    """Another one, not started, for a module that starts, ends and kills it."""
    with TemporaryDirectory(prefix="plyr-e2e-") as folder:
        system = System(Path(folder), network)
        yield system
        system.kill()


@pytest.fixture
def start_system() -> Generator[Starter]:
    """Starts further ones with settings of their own; they end with the test. It blocks until each is healthy."""
    with ExitStack() as ending:

        def start(network: NetworkInfo, **settings: str) -> System:
            folder = ending.enter_context(TemporaryDirectory(prefix="plyr-e2e-"))
            system = System(Path(folder), network, **settings)
            system.start()
            ending.callback(system.stop)
            return system

        yield start


@pytest.fixture
async def appview(system: System, http: ClientSession) -> AppView:
    return AppView(http, system.url)
