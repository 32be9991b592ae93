"""Who may import whom: the table of ARCHITECTURE.md. The first row whose prefix fits a module holds for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.tree import PACKAGES, ROOT, imports, module_files

NAMES = ("cursors", "errors", "auth", "cache")
FOR_QUERIES = (*(f"appview.{name}" for name in NAMES), "lexicons", "protocol", "runtime")
PURE_STAGES = ("indexer.frames", "indexer.verify", "indexer.rejections", "indexer.stages")

TABLE: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("protocol",), ("protocol",)),
    (("runtime",), ("runtime",)),
    (("lexicons",), ("lexicons", "protocol.syntax", "protocol.text", "protocol.cbor")),
    (("migrations",), ("migrations", "runtime")),
    (PURE_STAGES, (*PURE_STAGES, "protocol")),
    (
        ("indexer.projections", "indexer.aggregates"),
        (
            "indexer.projections",
            "indexer.aggregates",
            "indexer.stages",
            "runtime.sql",
            "protocol.syntax",
            "protocol.text",
            "protocol.words",
            "protocol.links",
            "protocol.played",
            "protocol.cbor",
            "lexicons",
        ),
    ),
    (("indexer",), ("indexer", "lexicons", "protocol", "runtime")),
    (("appview.queries",), ("appview.queries", *FOR_QUERIES)),
    (("appview.pages",), ("appview.pages", "appview.queries", *FOR_QUERIES)),
    (("appview",), ("appview", "lexicons", "protocol", "runtime")),
    (("simulator",), ("simulator", "protocol.syntax", "protocol.crypto")),
    (("benchmarks", "cli"), PACKAGES),
]


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def test_every_import_is_one_that_the_table_allows() -> None:
    faults: list[str] = []
    for module, path in module_files():
        allowed = next(targets for sources, targets in TABLE if _within(module, sources))
        faults += [
            f"{module} imports {name}"
            for name in imports(path)
            if _within(name, PACKAGES) and not _within(name, allowed)
        ]
    assert not faults, "\n".join(faults)


def test_nobody_imports_the_server_but_those_who_run_it() -> None:
    faults = [
        module
        for module, path in module_files()
        if not _within(module, ("cli", "benchmarks", "appview.server"))
        and any(_within(name, ("appview.server",)) for name in imports(path))
    ]
    assert not faults


def test_the_environment_is_read_by_the_command_line_alone() -> None:
    faults = [
        module
        for module, path in module_files()
        if not _within(module, ("cli", "runtime.observe"))
        and not module.endswith("__main__")
        and ("os.environ" in (text := path.read_text(encoding="utf-8")) or "os.getenv" in text)
    ]
    assert not faults


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_alone(package: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", f"import {package}"], cwd=ROOT, check=True, timeout=60)
