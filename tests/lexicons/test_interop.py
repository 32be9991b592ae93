"""The published interoperability vectors of the Lexicon language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lexicons import RULES, Catalog, LexiconInvalid, validate_lexicon
from protocol.cbor import from_json

VECTORS = Path(__file__).parent.parent / "fixtures" / "atproto-interop" / "lexicon"


def _vectors(name: str) -> list[Any]:
    cases = json.loads((VECTORS / name).read_bytes())
    assert cases
    return [pytest.param(case, id=case["name"].replace(" ", "-")) for case in cases]


CATALOG_FILES = sorted((VECTORS / "catalog").glob("*.json"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog([json.loads((VECTORS / "catalog" / "record.json").read_bytes())])


@pytest.mark.parametrize("path", CATALOG_FILES, ids=lambda path: path.stem)
def test_a_lexicon_of_the_catalog_is_valid(path: Path) -> None:
    validate_lexicon(json.loads(path.read_bytes()))


@pytest.mark.parametrize("case", _vectors("lexicon-valid.json"))
def test_a_valid_lexicon_is_taken(case: dict[str, Any]) -> None:
    validate_lexicon(case["lexicon"])


@pytest.mark.parametrize("case", _vectors("lexicon-invalid.json"))
def test_an_invalid_lexicon_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(LexiconInvalid):
        validate_lexicon(case["lexicon"])


@pytest.mark.parametrize("case", _vectors("record-data-valid.json"))
def test_a_valid_record_breaks_no_rule(catalog: Catalog, case: dict[str, Any]) -> None:
    assert catalog.record("example.lexicon.record").validate(case["rkey"], from_json(case["data"])) == []


@pytest.mark.parametrize("case", _vectors("record-data-invalid.json"))
def test_an_invalid_record_breaks_a_rule_where_its_fault_is(catalog: Catalog, case: dict[str, Any]) -> None:
    faulty = set(case["data"]) - {"$type"}
    if len(faulty) > 1:
        faulty.discard("integer")  # there only because the lexicon requires it
    violations = catalog.record("example.lexicon.record").validate(case["rkey"], from_json(case["data"]))
    assert {violation.rule for violation in violations} <= RULES
    paths = {violation.path.split(".")[0].removesuffix("[]") for violation in violations}
    assert paths >= (faulty or {"integer"})
