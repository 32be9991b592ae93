"""The OpenAPI document: it says what is served, and whoever fuzzes by it meets no fault of ours."""

from __future__ import annotations

import asyncio
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi import checks

import lexicons
from appview.openapi import describe
from appview.queries import QUERIES
from tests.appview.contract.cases import CASES, Case
from tests.appview.contract.conftest import asking
from tests.appview.contract.town import Town
from tests.appview.stage import Client

EXAMPLES = 8  # requests for each method
DOCUMENT = describe(lexicons.load(), QUERIES, "https://appview.example.com", "1.0")
# What is wrong may be too long besides, and then it is refused before it is read, in plain text.
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
ALWAYS = [schemathesis.checks.not_a_server_error, checks.status_code_conformance]
CHECKS = [*ALWAYS, checks.content_type_conformance, checks.response_schema_conformance]


def test_every_query_is_described() -> None:
    assert {path.removeprefix("/xrpc/") for path in DOCUMENT["paths"]} == set(QUERIES)


@asking
async def test_the_document_is_served(client: Client) -> None:
    async with client.session.get("/openapi.json") as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert (await response.json())["paths"] == DOCUMENT["paths"]


@asking
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_an_answer_is_as_the_document_says(client: Client, town: Town, case: Case) -> None:
    [schema] = DOCUMENT["paths"][f"/xrpc/{case.nsid}"]["get"]["responses"]["200"]["content"].values()
    whole = {**schema["schema"], "components": DOCUMENT["components"]}
    answer = await client.get(case.nsid, **case.asked(town))
    assert [str(fault) for fault in jsonschema_rs.validator_for(whole).iter_errors(answer)] == []


def _fuzz(operation: Any, origin: str, mode: schemathesis.GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode))
    def asks(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=origin, checks=ALWAYS if mode is NEGATIVE else CHECKS)

    asks()


@asking
@pytest.mark.parametrize("mode", schemathesis.GenerationMode, ids=str)
@pytest.mark.parametrize("nsid", sorted(QUERIES))
async def test_whoever_fuzzes_by_the_document_is_answered_as_it_says(
    client: Client, town: Town, nsid: str, mode: schemathesis.GenerationMode
) -> None:
    described = DOCUMENT["paths"][f"/xrpc/{nsid}"]["get"]["parameters"]
    if mode is NEGATIVE and not described:
        return
    operation = schemathesis.openapi.from_dict(DOCUMENT)[f"/xrpc/{nsid}"]["GET"]
    await asyncio.to_thread(_fuzz, operation, str(client.session._base_url).rstrip("/"), mode)
