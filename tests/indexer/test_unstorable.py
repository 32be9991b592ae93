"""Text that Postgres cannot hold, in whatever place a stranger may put it: it stops nobody, and goes nowhere."""

from __future__ import annotations

from pathlib import Path

from runtime.db import Pool

from .network import eventually, network, running
from .repos import record

TRACK = "fm.plyr.track/3kaaaaaaaaa2a"


async def test_a_document_whose_host_no_column_can_hold_names_none_and_the_others_are_read(
    tmp_path: Path, pool: Pool
) -> None:
    async with network() as net, running(tmp_path, net, pool) as parts:
        odd, usual = net.repo(), net.repo((TRACK, record()))
        endpoint = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://a\x00b.test"}
        net.register(odd, service=[endpoint])

        async def refused() -> bool:
            return "no PDS" in ((await parts.repo(odd.did))["last_error"] or "")

        await parts.track(odd.did)
        await eventually(refused, "the document is read")
        await parts.track(usual.did)
        await parts.reaches(usual.did, "synced")
