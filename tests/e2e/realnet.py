"""Boots a real AT Protocol network on loopback: a PLC directory, one or more reference PDSes, a stand-in relay.

`boot(folder)` starts `network/run.mjs` under Node.js, waits until it says that it is ready, gives its addresses as a
`NetworkInfo`, and ends it with everything that it stored. The network also ends by itself when the test process dies
(it watches its standard input). Synchronous: one network serves a whole test session, whatever event loops come and go.
"""

import json
import select
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tests.e2e.install import NETWORK, ensure, node

BOOT_TIMEOUT = 90.0  # seconds; 2 s on an idle machine
STOP_TIMEOUT = 15.0  # seconds


class NetworkFailed(Exception):
    """The real network did not start; the message carries what it said."""


class _Info(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class PdsInfo(_Info):
    """One PDS. `url` and `firehose` go by 127.0.0.1; `public_url` is what DID documents say."""

    url: str
    public_url: str
    did: str
    handle_domain: str
    firehose: str
    mail_log: Path


class RelayInfo(_Info):
    """The stand-in relay: `firehose` is its subscribeRepos, `url` serves listRepos and takes faults."""

    url: str
    firehose: str


class NetworkInfo(_Info):
    """Addresses of a running network."""

    pid: int
    plc: str
    plc_public_url: str
    pds: tuple[PdsInfo, ...]
    relay: RelayInfo
    admin_password: str


@contextmanager
def boot(folder: Path, *, pds: int = 1) -> Generator[NetworkInfo]:
    """A network with `pds` PDSes and a relay, all its files under `folder`.

    Raises RealNetworkMissing when it is not installed and can't be, NetworkFailed when it does not start.
    """
    installed = ensure()
    program = folder / "program"
    program.mkdir(parents=True)
    for script in ("run.mjs", "relay.mjs"):
        shutil.copyfile(NETWORK / script, program / script)
    (program / "node_modules").symlink_to(installed / "node_modules")
    arguments = ["--pds", str(pds), "--relay", "--data", folder / "data", "--exit-on-stdin-eof"]
    log = folder / "network.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [node(), program / "run.mjs", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield NetworkInfo.model_validate(_first_line(process, log))
    finally:
        _stop(process)
        shutil.rmtree(folder / "data", ignore_errors=True)


def _first_line(process: subprocess.Popen[bytes], log: Path) -> object:
    assert process.stdout is not None
    line, deadline = b"", monotonic() + BOOT_TIMEOUT
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - monotonic()))
        chunk = process.stdout.read1(65_536) if ready else b""  # type: ignore[union-attr]
        if not chunk:
            said = log.read_text(errors="replace")[-2_000:]
            raise NetworkFailed(f"the real network did not start (exit code {process.poll()}): {said}")
        line += chunk
    return json.loads(line)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdin.close()
    process.stdout.close()
