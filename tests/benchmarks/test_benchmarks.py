"""Every benchmark, at a tiny size, as its user runs it. No time is asserted; that nothing is lost is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TINY_DATA = ("--accounts=20", "--tracks=100", "--plays=100", "--likes=100", "--comments=100", "--lists=40")
MACHINE = {"cpu", "cores", "memoryGb", "system", "python", "load"}


def _figures(name: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", name, *options]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["benchmark"] == name
    assert set(report["machine"]) == MACHINE
    return report["figures"]


def test_firehose_reads_the_whole_stream_and_stores_all_that_is_ours() -> None:
    figures = _figures("firehose", "--frames=2000", "--people=3", "--strangers=1")
    assert figures["frames"] == 2_000
    assert figures["lost"] == 0
    assert figures["recordsMissing"] == 0
    assert figures["baseline"]["framesPerSecond"] > 0


def test_verify_judges_every_mix_of_commits() -> None:
    figures = _figures("verify", "--commits=20", "--people=2", "--rounds=1")
    mixes = {"oneOp", "oneToTenOps", "asOnTheNetwork"}
    assert set(figures["commitsPerSecond"]) == set(figures["ratio"]) == mixes


def test_ingest_stores_every_record_live_and_in_a_backfill() -> None:
    figures = _figures("ingest", "--commits=100", "--people=2")
    assert figures["live"]["recordsMissing"] == 0
    assert figures["backfill"]["records"] > 0
    assert figures["baselineRecordsPerSecond"] > 0


def test_backfill_ends_with_every_record_of_every_repo() -> None:
    figures = _figures("backfill", "--repos=10")
    assert figures["records"] > 0
    assert figures["recordsMissing"] == 0


def test_memory_weighs_the_indexer_and_the_server() -> None:
    figures = _figures("memory", "--repos=60", "--frames=1000", "--seconds=0.2")
    assert figures["lost"] == 0
    assert figures["serverMb"] > 0


def test_disk_tells_plays_from_tracks() -> None:
    figures = _figures("disk", "--accounts=10", "--plays=1000", "--tracks=1000")
    assert figures["bytesPerTrack"] > figures["bytesPerPlay"] > 0


def test_charts_are_asked_for_and_counted() -> None:
    figures = _figures("charts", "--accounts=20", "--tracks=100", "--plays=300", "--seconds=0.1")
    assert figures["plays"] == 300
    assert figures["ms"]["stats"]["p50"] > 0
    assert {name.split()[0] for name in figures["groupByMs"]} == {"group_artists", "group_recordings"}


def test_api_answers_every_kind_of_request_and_uses_a_loaded_folder_again(tmp_path: Path) -> None:
    options = (*TINY_DATA, "--connections=4", "--seconds=0.4", f"--data={tmp_path}")
    figures = _figures("api", *options)
    assert figures["data"]["secondsOfLoading"] > 0
    assert len(figures["data"]["recordsPerSecond"]) == 10
    for kind in ("getTrack", "getTrackByPopularity", "page", "mix", "mixWithoutSearchAndCharts"):
        assert figures[kind]["perSecond"] > 0
        assert figures[kind]["halfLoad"]["latencyMs"]["p99"] > 0
    assert _figures("api", *options, "--seconds=0.1")["data"]["secondsOfLoading"] == 0
    with pytest.raises(AssertionError, match="catalogue of other sizes"):
        _figures("api", *options, "--tracks=101")


def test_search_finds_titles_and_times_both_ways() -> None:
    figures = _figures("search", "--tracks=200", "--actors=20", "--playlists=10", "--questions=5")
    assert figures["milliseconds"]["all"]["p50"] > 0
    assert figures["typoRecallAt10"] > 0


def test_search_quality_ranks_every_pair_both_ways() -> None:
    figures = _figures("search-quality", "--crowd=50")
    assert figures["pairs"] >= 300
    assert figures["recallAt10"] > figures["baseline"]["recallAt10"]
