"""Deleted accounts of which nobody says where they live: they are asked for, rarely, until somebody does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.db import Pool

from .network import Network, Parts, eventually, held
from .test_accounts import T0, report, synced


@pytest.mark.parametrize("answer", [{"active": "perhaps"}, {"active": False, "status": "deactivated"}])
async def test_a_deleted_account_is_asked_for_rarely_until_its_host_says_whether_it_has_it(
    parts: Parts, net: Network, pool: Pool, answer: dict[str, Any]
) -> None:
    repo = await synced(parts, net)
    net.pds.statuses[repo.did] = answer
    await report(parts, repo.did, False, "deleted", T0)
    parts.identities.wake()
    await eventually(lambda: was_tried(parts.repo, repo.did, 1), "it was asked in vain")
    await pool.execute("UPDATE repo SET attempts = 900")
    await parts.due(repo.did)
    await eventually(lambda: was_tried(parts.repo, repo.did, 901), "and again")
    assert (await parts.repo(repo.did))["next_attempt_at"] > datetime.now(UTC) + timedelta(minutes=30)
    del net.pds.statuses[repo.did]
    await parts.due(repo.did)
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)


async def was_tried(row_of: Callable[[str], Awaitable[dict[str, Any]]], did: str, times: int) -> bool:
    return (await row_of(did))["attempts"] == times


async def test_a_deleted_account_is_looked_for_rarely_until_its_document_can_be_read(
    parts: Parts, net: Network, pool: Pool
) -> None:
    repo = await synced(parts, net)
    net.plc.says(f"/{repo.did}", {"message": "no"}, status=404)
    await report(parts, repo.did, False, "deleted", T0)
    await pool.execute("UPDATE identity SET attempts = 900")
    parts.identities.wake()
    await eventually(lambda: was_tried(parts.identity, repo.did, 901), "it was looked for in vain")
    assert (await parts.identity(repo.did))["check_at"] > datetime.now(UTC) + timedelta(minutes=30)
    net.register(repo)
    await pool.execute("UPDATE identity SET check_at = now()")
    parts.identities.wake()
    await parts.reaches(repo.did, "synced")
    assert await parts.records(repo.did) == held(repo)
