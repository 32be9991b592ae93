"""What seeds have found, each as a case of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer import states
from indexer.accounts import DELETED, NOT_FOUND, set_status
from runtime.db import Connection

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
PACE = states.Pace(resyncs_per_hour=6, refresh_pause=10.0)
RECORD = "INSERT INTO record VALUES ($1, 'fm.plyr.like', 'self', '', '', now(), NULL, false, '')"


@pytest.mark.parametrize(("later", "records"), [(NOT_FOUND, 0), ("deactivated", 1)])
async def test_a_deletion_that_is_heard_of_after_its_host_was_asked_is_a_deletion(
    later: str, records: int, connection: Connection
) -> None:
    """Seed 115. The host was asked while the report was under way; what we then noted was newer than the report."""
    now = datetime.now(UTC)
    await states.track(connection, [DID])
    account_id = await connection.fetchval("SELECT id FROM account")
    await connection.execute(RECORD, account_id)
    async with connection.transaction():
        await set_status(connection, account_id, False, later, now, PACE)
        await set_status(connection, account_id, False, DELETED, now - timedelta(seconds=1), PACE)
    assert await connection.fetchval("SELECT count(*) FROM record") == records
    assert await connection.fetchval("SELECT status_at FROM account") == now
