"""Parameters and answers of queries: what is taken, what is refused, and how the refusal helps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lexicons
from lexicons import Catalog, ParameterInvalid
from protocol.syntax import AtUri, Did, Handle

CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
URI = f"at://{DID}/fm.plyr.track/3l3qo2vuowo2b"
NOW = "2025-11-20T12:34:56.789Z"


def parse(method: str, **given: str | list[str]) -> dict[str, Any]:
    multi = {name: [value] if isinstance(value, str) else value for name, value in given.items()}
    return lexicons.load().query(f"fm.plyr.{method}").parse_params(multi)


def test_defaults_are_filled_in_and_what_has_none_is_absent() -> None:
    assert parse("feed.getLatestTracks") == {"limit": 50}
    assert parse("feed.getActorTracks", actor=DID) == {"actor": DID, "limit": 50, "sort": "newest"}
    assert parse("feed.getComments", uri=URI)["sort"] == "position"


def test_unknown_parameters_are_ignored() -> None:
    assert parse("feed.getLatestTracks", nonsense=["a", "b"], limit="7") == {"limit": 7}


def test_an_actor_is_a_did_or_a_handle_in_any_case_with_or_without_its_at_sign() -> None:
    assert parse("actor.getProfile", actor=DID)["actor"] == Did(DID)
    for text in ("Alice.Example.com", "@alice.example.com"):
        actor = parse("actor.getProfile", actor=text)["actor"]
        assert actor == "alice.example.com"
        assert isinstance(actor, Handle)


def test_an_at_uri_comes_parsed_with_either_kind_of_authority() -> None:
    assert parse("feed.getTrack", uri=URI) == {"uri": AtUri.parse(URI)}
    by_handle = parse("feed.getTrack", uri="at://Alice.example.com/fm.plyr.track/3l3qo2vuowo2b")["uri"]
    assert str(by_handle) == "at://alice.example.com/fm.plyr.track/3l3qo2vuowo2b"


def test_a_repeated_parameter_is_an_array_in_the_order_given() -> None:
    assert parse("feed.getLatestTracks", tags=["b", "a"])["tags"] == ["b", "a"]
    assert parse("feed.getLatestTracks", tags="a")["tags"] == ["a"]


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("actor.getProfile", {}, "Parameter 'actor' is required"),
        ("feed.getLatestTracks", {"limit": "0"}, "Parameter 'limit' must be at least 1, not '0'"),
        ("feed.getLatestTracks", {"limit": "101"}, "Parameter 'limit' must be at most 100, not '101'"),
        ("feed.getLatestTracks", {"limit": "ten"}, "Parameter 'limit' must be an integer, not 'ten'"),
        ("feed.getLatestTracks", {"limit": ""}, "Parameter 'limit' must be an integer, not ''"),
        ("feed.getLatestTracks", {"limit": "1.0"}, "Parameter 'limit' must be an integer, not '1.0'"),
        ("feed.getLatestTracks", {"limit": "1_0"}, "Parameter 'limit' must be an integer, not '1_0'"),
        ("feed.getLatestTracks", {"limit": "٣"}, r"Parameter 'limit' must be an integer, not '\u0663'"),
        (
            "feed.getLatestTracks",
            {"limit": "9223372036854775808"},
            "Parameter 'limit' must be an integer of 64 bits, not '9223372036854775808'",
        ),
        ("feed.getLatestTracks", {"limit": ["1", "2"]}, "Parameter 'limit' must be given once, not 2 times"),
        ("feed.getLatestTracks", {"tags": ""}, "Parameter 'tags' must be at least 1 byte(s) long, not ''"),
        ("feed.getLatestTracks", {"tags": ["a"] * 26}, "Parameter 'tags' must be given at most 25 times, not 26"),
        (
            "feed.getLatestTracks",
            {"tags": "a" * 51},
            f"Parameter 'tags' must have at most 50 characters, not '{'a' * 40}...'",
        ),
        (
            "feed.getActorTracks",
            {"actor": DID, "sort": "best"},
            "Parameter 'sort' must be one of newest, popular, not 'best'",
        ),
        ("actor.getProfile", {"actor": "alice"}, "Parameter 'actor' must be a DID or a handle, not 'alice'"),
        ("feed.getTrack", {"uri": "https://x"}, "Parameter 'uri' must be an at:// URI, not 'https://x'"),
        ("feed.getTracks", {"uris": [URI, "x"]}, "Parameter 'uris' must be an at:// URI, not 'x'"),
        ("feed.getTracks", {"uris": [URI] * 26}, "Parameter 'uris' must be given at most 25 times, not 26"),
        (
            "feed.getLatestTracks",
            {"cursor": "a\0"},
            r"Parameter 'cursor' must be Unicode text without U+0000, not 'a\x00'",
        ),
        (
            "feed.getLatestTracks",
            {"cursor": "\ud800"},
            r"Parameter 'cursor' must be Unicode text without U+0000, not '\ud800'",
        ),
    ],
)
def test_a_refusal_names_the_parameter_and_what_it_must_be(
    method: str, given: dict[str, str | list[str]], message: str
) -> None:
    with pytest.raises(ParameterInvalid) as refusal:
        parse(method, **given)
    assert str(refusal.value) == message
    assert f"'{refusal.value.name}'" in message


def test_a_boolean_is_true_or_false() -> None:
    params = {"type": "params", "properties": {"deep": {"type": "boolean", "default": False}}}
    main = {"type": "query", "parameters": params}
    query = Catalog([{"lexicon": 1, "id": "com.example.ask", "defs": {"main": main}}]).query("com.example.ask")
    assert query.parse_params({}) == {"deep": False}
    assert query.parse_params({"deep": ["true"]}) == {"deep": True}
    with pytest.raises(ParameterInvalid, match="'deep' must be true or false, not 'True'"):
        query.parse_params({"deep": ["True"]})


_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(
    ["9" * 5000, "\0", DID, URI, "@", "at://", "-0", "x" * 99999]
)
_PARAMETERS = sorted({"actor", "authorDID", "uri", "uris", "tags", "excludeTags", "sort", "limit", "cursor"})


@settings(deadline=None)
@given(
    nsid=st.sampled_from(sorted(lexicons.load().queries())),
    multi=st.dictionaries(st.sampled_from(_PARAMETERS), st.lists(_TEXT, max_size=3)),
)
def test_no_parameters_make_a_query_raise_anything_but_its_refusal(nsid: str, multi: dict[str, list[str]]) -> None:
    try:
        values = lexicons.load().query(nsid).parse_params(multi)
    except ParameterInvalid as refusal:
        said = str(refusal)
    else:
        said = ""
        assert all("\0" not in str(value) for value in values.values())
    assert said.isascii()
    assert len(said) < 1_000


def test_the_feed_of_teal_takes_handles_and_has_a_default_limit_and_no_bound_on_it() -> None:
    query = lexicons.load().query("fm.teal.feed.getActorFeed")
    assert query.parse_params({"authorDID": ["@Alice.example.com"]}) == {"authorDID": "alice.example.com", "limit": 50}
    assert query.parse_params({"authorDID": [DID], "limit": ["1000"]}) == {"authorDID": DID, "limit": 1000}


def test_queries_name_the_errors_that_they_may_answer_with() -> None:
    catalog = lexicons.load()
    assert catalog.query("fm.plyr.feed.getTrack").errors == {"TrackNotFound"}
    assert catalog.query("fm.plyr.actor.getProfile").errors == {"ActorNotFound"}
    assert catalog.query("fm.plyr.feed.getLatestTracks").errors == frozenset()


AUTHOR = {"did": DID, "handle": "alice.example.com"}
VIEW: dict[str, Any] = {
    "uri": URI,
    "cid": CID,
    "author": AUTHOR,
    "record": {
        "$type": "fm.plyr.track",
        "audioBlob": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b", "size": 1},
    },
    "title": "One",
    "artist": "Somebody",
    "audio": [{"kind": "blob", "url": "https://pds.example.com/xrpc/com.atproto.sync.getBlob", "cid": CID, "size": 1}],
    "fileType": "mp3",
    "likeCount": 0,
    "commentCount": 0,
    "playCount": 0,
    "createdAt": NOW,
    "indexedAt": NOW,
}


def output_faults(method: str, value: object) -> list[tuple[str, str]]:
    return [fault[:2] for fault in lexicons.load().query(method).validate_output(value)]


def test_an_answer_as_its_lexicon_says_breaks_no_rule() -> None:
    assert output_faults("fm.plyr.feed.getTrack", {"track": VIEW}) == []
    assert output_faults("fm.plyr.feed.getLatestTracks", {"tracks": [VIEW], "cursor": "abc"}) == []


def test_an_answer_that_is_not_as_its_lexicon_says_is_seen() -> None:
    assert output_faults("fm.plyr.feed.getTrack", {}) == [("track", "required")]
    assert output_faults("fm.plyr.feed.getTrack", {"track": VIEW | {"duration": -1}}) == [("track.duration", "minimum")]
    assert output_faults("fm.plyr.feed.getTrack", {"track": VIEW | {"album": None}}) == [("track.album", "null")]
    assert output_faults("fm.plyr.feed.getTrack", []) == [("", "type")]
    nested = output_faults("fm.plyr.feed.getLatestTracks", {"tracks": [VIEW | {"author": {"did": DID}}]})
    assert nested == [("tracks[].author.handle", "required")]


@pytest.mark.parametrize(
    ("nsid", "actors"),
    [
        ("fm.plyr.feed.getTrack", ("uri",)),
        ("fm.plyr.feed.getTracks", ("uris",)),
        ("fm.plyr.actor.getProfiles", ("actors",)),
        ("fm.plyr.feed.getLatestTracks", ()),
        ("com.atproto.identity.resolveHandle", ()),
    ],
)
def test_a_query_knows_which_parameters_may_name_an_account_by_its_handle(nsid: str, actors: tuple[str, ...]) -> None:
    assert lexicons.load().query(nsid).actors == actors
