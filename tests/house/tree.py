"""The source tree, as the house rules look at it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "runtime", "lexicons", "migrations", "indexer", "appview", "simulator", "benchmarks", "cli")


def module_files() -> Iterator[tuple[str, Path]]:
    """(dotted name, path) of every Python file of our packages."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def modules(*packages: str) -> Iterator[ModuleType]:
    """Every module of these packages, imported (those that run something when imported excepted)."""
    for package in packages:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, package + "."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
