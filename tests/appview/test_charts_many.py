"""Charts of an artist, and names, behind which stands more than can be gone through."""

from __future__ import annotations

import pytest

from protocol.played import name_hash
from tests.appview.stage import Client, Stage
from tests.appview.test_charts import RECORDINGS, Players, told

RECORDING = "fm.plyr.scrobble.getRecording"


@pytest.fixture
def players(stage: Stage) -> Players:
    return Players(stage)


async def crowd(stage: Stage, number: int, *, name: str = "", plays: int = 1, artist: str | None = None) -> None:
    """So many recordings, as they would stand in a large network."""
    await stage.pool.execute(
        """
        WITH made AS (
            INSERT INTO played (kind, other_plays, weight, key, name, credit, name_hash)
            SELECT 'recording', 0, length(ltrim($3::integer::bit(32)::text, '0')), md5(i::text)::uuid, $2, '', $4
            FROM generate_series(1, $1::integer) i
            RETURNING id
        ), counted AS (
            INSERT INTO played_total (item, kind, plays, listeners) SELECT id, 'recording', $3::integer, 1 FROM made
        )
        INSERT INTO played_by (artist, kind, item, names)
        SELECT a.id, 'recording', made.id, 1 FROM made JOIN played a ON a.kind = 'artist' AND a.name = $5
        """,
        number,
        name,
        plays,
        name_hash(name),
        artist,
    )


async def test_the_chart_of_an_artist_who_stands_for_many_is_of_what_was_known_first(
    stage: Stage, client: Client, players: Players
) -> None:
    nils, ida = await stage.person(), await stage.person()
    await players.play(nils, "Early", "Various", times=2)
    await crowd(stage, 9_999, artist="Various")
    await players.play(nils, "Late", "Various", times=3)
    await players.play(nils, "Late", "Somebody else", times=9)
    await players.play(ida, "Late", "Various")
    page = await client.get(RECORDINGS, artist="various", limit=1)
    assert told(page["recordings"], "recording") == [("Early", 2, 1)]
    own = (await client.get(RECORDINGS, artist="various", actor=nils.did))["recordings"]
    assert told(own, "recording") == [("Late", 3, 1), ("Early", 2, 2)]
    own = await client.pages(RECORDINGS, "recordings", artist="various", actor=nils.did, limit=1)
    assert [told(page, "recording") for page in own] == [[("Late", 3, 1)], [("Early", 2, 2)]]


@pytest.mark.parametrize("bearers", [999, 1_001])
async def test_what_an_artist_has_of_a_name_is_found_behind_many_others(
    stage: Stage, client: Client, players: Players, bearers: int
) -> None:
    nils = await stage.person()
    for times, fields in enumerate(({"releaseName": "One"}, {"isrc": "USAT29900609"}), 1):
        await players.play(nils, "Intro", "Nils", times=times, **fields)
    await players.play(nils, "Outro", "Ida")
    await crowd(stage, bearers, name="Intro", plays=9)
    assert (await client.get(RECORDING, recording="intro"))["recording"]["playCount"] == 9
    assert (await client.get(RECORDING, recording="intro", artist="nils"))["recording"]["playCount"] == 2
    assert await client.refused(RECORDING, recording="intro", artist="ida") == "RecordingNotFound"
    assert await client.refused(RECORDING, recording="outro", artist="nils") == "RecordingNotFound"
