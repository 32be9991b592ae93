"""What a record links to."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import links as module
from protocol.cbor import Cid
from protocol.links import Link, link_name, links, target

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
URI = f"at://{DID}/fm.plyr.track/3l3qo2vuowo2b"


def found(record: dict[str, Any]) -> set[tuple[str, str]]:
    return {tuple(link) for link in links(record)}


def test_every_at_uri_and_did_is_a_link_wherever_it_stands() -> None:
    record = {
        "$type": "fm.plyr.list",
        "owner": DID,
        "items": [{"subject": {"uri": URI, "cid": "x"}}, {"subject": {"uri": URI}}, [DID], DID],
    }
    assert found(record) == {
        ("owner", DID),
        ("items[].subject.uri", URI),
        ("items[][]", DID),
        ("items[]", DID),
    }


def test_an_object_in_an_array_that_says_its_type_has_it_in_the_path() -> None:
    facet = {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": DID}, {"$type": 7, "did": DID}]}
    assert found({"facets": [facet]}) == {
        ("facets[].features[app.bsky.richtext.facet#mention].did", DID),
        ("facets[].features[].did", DID),
    }


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/",
        "alice.example.com",
        "did:",
        "at://",
        f"see {URI}",
        f" {DID}",
        "at://x y/z",
        "did:plc:a b",
    ],
)
def test_other_texts_are_no_links(text: str) -> None:
    assert target(text) is None
    assert found({"a": text, "b": [text, 7, None, True, b"did:plc:abc", Cid.of_block(b"")]}) == set()


def test_targets_are_compared_in_one_form() -> None:
    assert target("at://Alice.Example.com/fm.plyr.track/A") == "at://alice.example.com/fm.plyr.track/A"
    assert (target(URI), target(DID)) == (URI, DID)


def test_a_record_has_a_bounded_number_of_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINKS_MAX", 3)
    assert len(links({"all": [f"did:web:a{number}.example.com" for number in range(9)]})) == 3


def test_links_of_different_kinds_or_targets_have_different_names() -> None:
    names = {
        link_name(collection, Link(path, goal))
        for collection in ("fm.plyr.like", "fm.plyr.comment")
        for path in ("subject.uri", "subject")
        for goal in (URI, DID)
    }
    assert len(names) == 8
