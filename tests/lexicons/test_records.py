"""What the record lexicons ask, by examples from the network, and that no value makes a validator raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lexicons
from lexicons import RULES, Catalog, LexiconInvalid, LexiconUnknown
from lexicons.values import FAULTY_ITEMS_MAX
from protocol.cbor import Cid

CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
TID = "3l3qo2vuowo2b"
NOW = "2025-11-20T12:34:56.789Z"
LIKE: dict[str, Any] = {
    "$type": "fm.plyr.like",
    "subject": {"uri": "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/fm.plyr.track/3l3qo2vuowo2b", "cid": CID},
    "createdAt": NOW,
}
PLAY: dict[str, Any] = {"$type": "fm.teal.feed.play", "trackName": "Tūnņg"}
TRACK: dict[str, Any] = {
    "$type": "fm.plyr.track",
    "title": "One",
    "artist": "Somebody",
    "fileType": "mp3",
    "createdAt": NOW,
    "audioBlob": {"$type": "blob", "ref": Cid.parse(CID), "mimeType": "audio/mpeg", "size": 1_000},
}


def broken(record: dict[str, Any], *, rkey: str = TID) -> set[tuple[str, str]]:
    found = lexicons.load().record(record["$type"]).validate(rkey, record)
    assert len({(path, rule) for path, rule, _ in found}) == len(found)
    return {(path, rule) for path, rule, _ in found}


@pytest.mark.parametrize("record", [LIKE, PLAY, TRACK], ids=lambda record: record["$type"])
def test_an_ordinary_record_is_valid(record: dict[str, Any]) -> None:
    assert broken(record) == set()


def test_unknown_fields_are_fine() -> None:
    assert broken(LIKE | {"via": {"deep": [1, 2, {}]}, "x": None}) == set()


def test_every_fault_is_named_with_the_path_of_the_schema() -> None:
    play = PLAY | {
        "recordingMbId": "",
        "playedTime": "1732106096",
        "artists": [{"artistName": "A", "artistMbId": "garbage"}, {"artistMbId": "mbid:x"}, {"artistName": ""}],
    }
    assert broken(play, rkey="weird_key") == {
        ("", "rkey"),
        ("recordingMbId", "format:uri"),
        ("playedTime", "format:datetime"),
        ("artists[].artistMbId", "format:uri"),
        ("artists[].artistName", "required"),
        ("artists[].artistName", "minLength"),
    }


def test_a_missing_or_foreign_type_is_a_fault() -> None:
    schema = lexicons.load().record("fm.plyr.like")
    without = {name: value for name, value in LIKE.items() if name != "$type"}
    assert [fault[:2] for fault in schema.validate(TID, without)] == [("$type", "required")]
    assert [fault[:2] for fault in schema.validate(TID, LIKE | {"$type": "fm.plyr.track"})] == [("$type", "const")]


def test_a_record_of_another_namespace_carries_the_name_that_its_repo_uses() -> None:
    schema = lexicons.load().record("fm.plyr.like")
    staged = LIKE | {"$type": "fm.plyr.stg.like"}
    assert schema.validate(TID, staged, collection="fm.plyr.stg.like") == []
    assert [fault[:2] for fault in schema.validate(TID, LIKE, collection="fm.plyr.stg.like")] == [("$type", "const")]


def test_a_literal_key_is_the_only_one() -> None:
    profile = {"$type": "app.bsky.actor.profile", "displayName": "A"}
    assert broken(profile, rkey="self") == set()
    assert broken(profile, rkey=TID) == {("", "rkey")}


def test_a_length_counts_bytes_and_characters_are_what_a_reader_sees() -> None:
    family = "👩‍👩‍👦‍👦"
    profile = {"$type": "fm.teal.actor.profile", "displayName": family * 25}
    assert len(profile["displayName"].encode()) == 625
    assert broken(profile, rkey="self") == set()
    assert broken(profile | {"displayName": "a" * 65}, rkey="self") == {("displayName", "maxGraphemes")}
    assert broken(profile | {"displayName": family * 26}, rkey="self") == {("displayName", "maxLength")}
    assert broken(TRACK | {"title": "ü" * 128}) == set()
    assert broken(TRACK | {"title": "ü" * 129}) == {("title", "maxLength")}


def test_tags_are_at_most_ten_of_at_most_fifty_characters() -> None:
    assert broken(TRACK | {"tags": ["é" * 50] * 10}) == set()
    assert broken(TRACK | {"tags": ["a" * 51] * 11}) == {("tags", "maxLength"), ("tags[]", "maxGraphemes")}
    assert broken(TRACK | {"tags": "ambient"}) == {("tags", "type")}


def test_an_audio_blob_is_audio_of_at_most_a_hundred_megabytes() -> None:
    def with_blob(**changes: Any) -> set[tuple[str, str]]:
        return broken(TRACK | {"audioBlob": TRACK["audioBlob"] | changes})

    assert with_blob(size=104_857_600) == set()
    assert with_blob(size=104_857_601) == {("audioBlob", "maxSize")}
    assert with_blob(mimeType="video/mp4") == {("audioBlob", "accept")}
    for change in ({"ref": CID}, {"ref": {"$link": CID}}, {"size": -1}, {"size": True}, {"$type": "Blob"}):
        assert with_blob(**change) == {("audioBlob", "type")}


def test_an_open_union_takes_what_it_does_not_know_and_checks_what_it_knows() -> None:
    known = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": 1}]}
    assert broken(TRACK | {"labels": known}) == {("labels.values[].val", "type")}
    assert broken(TRACK | {"labels": {"$type": "com.example.other", "values": 1}}) == set()
    assert broken(TRACK | {"labels": {"values": []}}) == {("labels", "type")}


def test_null_is_no_value_for_a_field_that_does_not_allow_it() -> None:
    assert broken(TRACK | {"album": None}) == {("album", "null")}


def test_known_values_are_open() -> None:
    assert broken(TRACK | {"supportGate": {"type": "patron"}}) == set()


def test_many_faulty_items_are_not_all_looked_at() -> None:
    faulty = PLAY | {"artists": [{}] * FAULTY_ITEMS_MAX + [1]}
    assert broken(faulty) == {("artists", "items"), ("artists[].artistName", "required")}


@pytest.mark.parametrize("value", [None, 1, "text", [], b"bytes", Cid.parse(CID), True, 1.5], ids=repr)
def test_a_record_that_is_no_object_is_a_fault(value: object) -> None:
    assert [fault[:2] for fault in lexicons.load().record("fm.plyr.like").validate(TID, value)] == [("", "type")]


_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(["", "\0", "\ud800", NOW, CID, "at://", "did:web:"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | _TEXT | st.just(Cid.parse(CID)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT | st.sampled_from(["$type", "uri"]), inner),
    max_leaves=8,
)
_FIELDS = {
    nsid: sorted(lexicons.load().record(nsid).definition.record.properties) for nsid in lexicons.load().records()
}


@settings(deadline=None)
@given(data=st.data(), rkey=_TEXT)
def test_no_value_makes_a_validator_raise(data: st.DataObject, rkey: str) -> None:
    nsid = data.draw(st.sampled_from(sorted(_FIELDS)))
    record = data.draw(st.dictionaries(st.sampled_from([*_FIELDS[nsid], "$type"]), _VALUES) | _VALUES)
    for _, rule, message in lexicons.load().record(nsid).validate(rkey, record):
        assert rule in RULES
        assert message.startswith("must ")


def test_a_value_of_any_depth_is_checked_no_deeper_than_its_lexicon() -> None:
    value: Any = {}
    for _ in range(100_000):
        value = {"subject": value, "cid": value}
    try:
        assert ("subject.uri", "required") in broken(LIKE | {"subject": value})
    finally:
        while value:  # the interpreter frees deep values by recursion, so take it apart
            value = value.pop("subject", None) or value.pop("cid", None)


def _object(nsid: str, **properties: Any) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": {"main": {"type": "object", "properties": properties}}}


def test_a_reference_to_nothing_is_refused_when_the_catalog_is_made() -> None:
    with pytest.raises(LexiconInvalid, match=r"com\.example\.a refers to com\.example\.b#main"):
        Catalog([_object("com.example.a", b={"type": "ref", "ref": "com.example.b"})])


def test_a_lexicon_that_contains_itself_is_refused() -> None:
    first = _object("com.example.a", b={"type": "ref", "ref": "com.example.b"})
    second = _object("com.example.b", a={"type": "array", "items": {"type": "ref", "ref": "com.example.a"}})
    with pytest.raises(LexiconInvalid, match="contains itself"):
        Catalog([first, second])


def test_a_reference_to_what_has_no_value_is_refused() -> None:
    method = {"lexicon": 1, "id": "com.example.b", "defs": {"main": {"type": "query"}}}
    with pytest.raises(LexiconInvalid, match=r"com\.example\.b: no value has the schema Query"):
        Catalog([_object("com.example.a", b={"type": "ref", "ref": "com.example.b"}), method])


def test_a_mistyped_limit_is_refused() -> None:
    with pytest.raises(LexiconInvalid, match="maxLenght"):
        Catalog([_object("com.example.a", text={"type": "string", "maxLenght": 3})])


def test_a_token_is_its_full_name() -> None:
    document = _object("com.example.a", mood={"type": "ref", "ref": "#calm"})
    document["defs"]["calm"] = {"type": "token"}
    document["defs"]["main"] = {"type": "record", "key": "any", "record": document["defs"]["main"]}
    schema = Catalog([document]).record("com.example.a")
    assert schema.validate("x", {"$type": "com.example.a", "mood": "com.example.a#calm"}) == []
    assert [fault[:2] for fault in schema.validate("x", {"$type": "com.example.a", "mood": "#calm"})] == [
        ("mood", "token")
    ]


def test_an_unknown_lexicon_is_an_error_of_its_own() -> None:
    for ask in (lexicons.load().record, lexicons.load().query, lexicons.load().document):
        with pytest.raises(LexiconUnknown):
            ask("com.example.nothing")
    with pytest.raises(LexiconUnknown):
        lexicons.load().query("fm.plyr.track")
