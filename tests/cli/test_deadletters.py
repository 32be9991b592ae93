"""`deadletters` as an operator uses it."""

from __future__ import annotations

import orjson

from runtime.db import Pool

from .test_status import run

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


async def fill(pool: Pool) -> None:
    """Three letters of an account that is not known (any more)."""
    for rkey, reason in (("a", "record_too_large"), ("b", "record_too_large"), ("c", "not_projected")):
        await pool.execute(
            "INSERT INTO dead_letter (did, path, source, reason, detail, payload) VALUES ($1, $2, '', $3, $4, '1')",
            *(DID, f"fm.plyr.track/{rkey}", reason, "so \x1b[31m"),
        )


async def test_letters_are_listed_by_reason_and_the_newest_one_by_one(pool: Pool, database_url: str) -> None:
    code, out, _ = await run(database_url, "deadletters")
    assert (code, out) == (0, "nothing is set aside\n")
    await fill(pool)
    code, out, err = await run(database_url, "deadletters", "list", "--number", "1", "--json")
    assert code == 0, err
    found = orjson.loads(out)
    assert [(row["reason"], row["records"]) for row in found["reasons"]] == [
        ("not_projected", 1),
        ("record_too_large", 2),
    ]
    assert [row["path"] for row in found["letters"]] == ["fm.plyr.track/c"]
    code, out, _ = await run(database_url, "deadletters", "--reason", "record_too_large")
    assert "fm.plyr.track/b" in out
    assert "fm.plyr.track/c" not in out
    assert "\x1b[31m" not in out, "a stranger's text does not reach the terminal as it is"


async def test_letters_are_tried_again(pool: Pool, database_url: str) -> None:
    await fill(pool)
    code, out, err = await run(database_url, "deadletters", "retry", "--reason", "not_projected", "--json")
    assert code == 0, err
    assert orjson.loads(out) == {"applied": 0, "fetched": 0, "settled": 1, "kept": 0}
    code, out, _ = await run(database_url, "deadletters", "retry")
    assert (code, out) == (0, "2 replaced or gone since\n")
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_letters_are_let_go_only_when_it_is_said_which(pool: Pool, database_url: str) -> None:
    await fill(pool)
    code, _, err = await run(database_url, "deadletters", "forget")
    assert code == 2
    assert "--all" in err
    code, out, _ = await run(database_url, "deadletters", "forget", "--reason", "not_projected")
    assert (code, out) == (0, "1 records were let go\n")
    code, out, _ = await run(database_url, "deadletters", "forget", "--all", "--json")
    assert (code, orjson.loads(out)) == (0, {"forgotten": 2})
