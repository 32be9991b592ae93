"""`status` and `repos` as an operator reads them."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import orjson

from runtime.db import Pool
from tests.house.tree import ROOT


async def run(database_url: str, *arguments: str) -> tuple[int | None, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli", *arguments),
        cwd=ROOT,
        env=environment | {"PLYR_DATABASE_URL": database_url, "COLUMNS": "250"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def fill(pool: Pool) -> None:
    for number, state in enumerate(("synced", "synced", "error", "pending"), 1):
        account_id = await pool.fetchval("INSERT INTO account (did) VALUES ($1) RETURNING id", f"did:plc:{number:a>24}")
        await pool.execute("INSERT INTO identity (account_id, stale) VALUES ($1, $2)", account_id, state == "pending")
        await pool.execute(
            "INSERT INTO repo (account_id, state, last_error, next_attempt_at) VALUES ($1, $2, $3, now())",
            *(account_id, state, "status 502 \x1b[31m" if state == "error" else None),
        )
        await pool.execute(
            "INSERT INTO buffered_event (account_id, source, seq, frame) VALUES ($1, 'wss://r.test', 1, '')", account_id
        )
    await pool.execute(
        "INSERT INTO source_cursor (source, seq, event_time) VALUES ('wss://r.test', 1234567, now() - interval '90 s')"
    )
    await pool.execute(
        "INSERT INTO dead_letter (source, reason, detail, payload)"
        " SELECT 'wss://r.test', 'record_too_large', '', '' FROM generate_series(1, 3)"
    )
    await pool.execute("INSERT INTO stream_gap (source, reason) VALUES ('wss://r.test', 'outdated_cursor')")
    await pool.execute(
        "INSERT INTO stream_gap (source, reason, healed_at) VALUES ('wss://r.test', 'future_cursor', now())"
    )


async def test_status_says_how_all_stands(pool: Pool, database_url: str) -> None:
    await fill(pool)
    code, out, err = await run(database_url, "status", "--json")
    assert code == 0, err
    found: dict[str, Any] = orjson.loads(out)
    assert found["indexer"] is True  # the test's own pool has the indexer's name
    assert [(each["source"], each["seq"]) for each in found["sources"]] == [("wss://r.test", 1234567)]
    assert 90 <= found["sources"][0]["lag"] < 120
    assert found["repos"] == [
        {"state": "error", "repos": 1},
        {"state": "pending", "repos": 1},
        {"state": "synced", "repos": 2},
    ]
    assert found["queue"] == {"due": 2, "later": 0, "identities": 1, "events": 4}
    assert [(each["reason"], each["records"]) for each in found["letters"]] == [("record_too_large", 3)]
    assert [each["reason"] for each in found["gaps"]] == ["outdated_cursor"]


async def test_status_is_readable(pool: Pool, database_url: str) -> None:
    code, out, err = await run(database_url, "status")
    assert code == 0, err
    assert "nothing is set aside" in out
    assert "no gap is open" in out
    await fill(pool)
    code, out, err = await run(database_url, "status")
    assert code == 0, err
    for text in ("the indexer is at work", "1234567", "record_too_large", "outdated_cursor", "events that wait"):
        assert text in out


async def test_repos_lists_errors_first_and_those_of_a_state(pool: Pool, database_url: str) -> None:
    await fill(pool)
    code, out, err = await run(database_url, "repos", "--json")
    assert code == 0, err
    assert [orjson.loads(line)["state"] for line in out.splitlines()] == ["error", "pending", "synced", "synced"]
    code, out, err = await run(database_url, "repos", "--state", "synced", "--number", "1")
    assert code == 0, err
    assert f"did:plc:{1:a>24}" in out
    assert out.splitlines()[-1] == "... and 1 more"
    code, out, err = await run(database_url, "repos")
    assert "status 502 \N{REPLACEMENT CHARACTER}[31m" in out
    assert "\x1b" not in out
    assert (await run(database_url, "repos", "--state", "odd"))[0] == 2
