"""The install says what is missing, and leaves nothing half-done where a finished one belongs."""

from pathlib import Path

import pytest

from tests.e2e.install import NETWORK, RealNetworkMissing, cache_folder, ensure


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("REAL_NETWORK_CACHE", str(folder))
    return folder


def test_the_lock_file_names_no_registry_and_keeps_every_digest() -> None:
    lock = (NETWORK / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 500


def test_missing_build_tools_are_named(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(empty_cache))
    with pytest.raises(RealNetworkMissing, match=r"a C\+\+ compiler .*, make "):
        ensure()
    assert not cache_folder().exists()


def test_a_registry_that_is_away_is_named_and_the_half_done_install_is_not_used(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(empty_cache / "npm"))
    with pytest.raises(RealNetworkMissing, match="registry can't be reached"):
        ensure()
    assert not cache_folder().exists()
