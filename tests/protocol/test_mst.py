"""Published trees and proofs, random histories taken back, and trees made by enemies."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.car import BlockInvalid, BlockMap
from protocol.cbor import Cid
from protocol.mst import EMPTY_ROOT, Tree, TreeDiffers, TreeIncomplete, TreeInvalid, TreeLimits, invert
from protocol.mst_node import encode_node, key_layer, parse_node, shared_prefix

from .naive_tree import build, cid_of, commit_blocks, layer, link, node, put

VECTORS = Path(__file__).parents[1] / "fixtures" / "atproto-interop"
LIMITS = TreeLimits(max_depth=64, max_nodes=10_000, max_entries=10_000)
LEAF = cid_of(b"leaf")


def _load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def _tree(root: Cid, blocks: dict[bytes, bytes], limits: TreeLimits = LIMITS) -> Tree:
    return Tree(root, BlockMap(blocks), limits)


def _key(at: int, prefix: str = "a.b.c/", above: str = "") -> str:
    """The first key of its kind on a layer, greater than `above`."""
    return next(key for key in (f"{prefix}{n:06}" for n in range(10**6)) if layer(key) == at and key > above)


@pytest.mark.parametrize("vector", _load("mst/key_heights.json"), ids=lambda v: v["key"])
def test_a_key_stands_on_its_published_layer(vector: dict[str, Any]) -> None:
    assert key_layer(vector["key"].encode()) == vector["height"]


@pytest.mark.parametrize("vector", _load("mst/common_prefix.json"), ids=lambda v: f"{v['left']}|{v['right']}")
def test_two_keys_share_their_published_prefix(vector: dict[str, Any]) -> None:
    assert shared_prefix(vector["left"].encode(), vector["right"].encode()) == vector["len"]


def test_the_example_keys_stand_on_the_layers_that_they_name_and_are_walked_in_order() -> None:
    keys = (VECTORS / "mst" / "example_keys.txt").read_text(encoding="utf-8").split()
    assert all(key_layer(key.encode()) == int(key[1]) for key in keys)
    root, blocks = build(dict.fromkeys(keys, LEAF))
    assert list(_tree(root, blocks).walk()) == [(key, LEAF) for key in sorted(keys)]


def test_the_empty_tree_has_its_published_root() -> None:
    assert str(EMPTY_ROOT) == "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"
    assert build({})[0] == EMPTY_ROOT
    assert list(_tree(*build({})).walk()) == []


@pytest.mark.parametrize("vector", _load("firehose/commit-proof-fixtures.json"), ids=lambda v: v["comment"])
def test_a_published_proof_is_enough_to_take_its_commit_back(vector: dict[str, Any]) -> None:
    leaf = Cid.parse(vector["leafValue"])
    after = {*vector["keys"], *vector["adds"]} - {*vector["dels"]}
    root, blocks = build(dict.fromkeys(after, leaf))
    assert str(build(dict.fromkeys(vector["keys"], leaf))[0]) == vector["rootBeforeCommit"]
    assert str(root) == vector["rootAfterCommit"]
    proof = {cid: blocks[cid] for cid in map(Cid.parse, vector["blocksInProof"])}
    changes = dict.fromkeys(vector["adds"], (None, leaf)) | dict.fromkeys(vector["dels"], (leaf, None))
    assert str(invert(_tree(root, proof), changes)) == vector["rootBeforeCommit"]


paths = st.builds(
    lambda collection, rkey: f"{collection}/{rkey}",
    st.sampled_from(["fm.plyr.like", "fm.plyr.track", "app.bsky.feed.post"]),
    st.integers(0, 400).map("{:04}".format),
)
repos = st.dictionaries(paths, st.integers(0, 3).map(lambda n: cid_of(b"%d" % n)), max_size=60)


def _changes(before: dict[str, Cid], after: dict[str, Cid]) -> dict[str, tuple[Cid | None, Cid | None]]:
    changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    return {path: (before.get(path), after.get(path)) for path in changed}


@given(repos, repos, st.booleans())
def test_any_commit_inverts_to_the_root_before_it(first: dict[str, Cid], second: dict[str, Cid], merge: bool) -> None:
    after = first | second if merge else second
    old_root, root, blocks = commit_blocks(first, after)
    assert invert(_tree(root, blocks), _changes(first, after)) == old_root


@given(repos, st.data())
@settings(max_examples=200)
def test_a_small_commit_inverts_from_the_blocks_that_a_host_sends(before: dict[str, Cid], data: st.DataObject) -> None:
    after = dict(before)
    for path in data.draw(st.lists(paths, min_size=1, max_size=4)):
        after[path] = data.draw(st.integers(4, 6).map(lambda n: cid_of(b"%d" % n)))
    for path in data.draw(st.lists(st.sampled_from(sorted(after)), max_size=4)):
        after.pop(path, None)
    old_root, root, blocks = commit_blocks(before, after)
    assert invert(_tree(root, blocks), _changes(before, after)) == old_root


@given(repos, repos, st.data())
def test_with_blocks_missing_inversion_says_so_or_is_right(
    before: dict[str, Cid], after: dict[str, Cid], data: st.DataObject
) -> None:
    old_root, _ = build(before)
    root, blocks = build(after)
    kept = data.draw(st.sets(st.sampled_from(sorted(blocks))))
    try:
        found = invert(_tree(root, {cid: blocks[cid] for cid in kept}), _changes(before, after))
    except TreeIncomplete:
        return
    assert found == old_root


@given(repos, paths)
def test_a_tree_finds_what_it_holds_and_nothing_else(records: dict[str, Cid], other: str) -> None:
    tree = _tree(*build(records))
    assert {path: tree.get(path) for path in records} == records
    assert tree.get(other) == records.get(other)
    assert dict(tree.walk()) == records


def test_inverting_to_nothing_reaches_the_empty_root() -> None:
    records = {f"a.b.c/{n}": LEAF for n in range(50)}
    assert invert(_tree(*build(records)), {path: (None, cid) for path, cid in records.items()}) == EMPTY_ROOT


def test_a_path_that_was_created_and_deleted_in_one_commit_changes_nothing() -> None:
    records = {f"a.b.c/{n}": LEAF for n in range(20)}
    root, blocks = build(records)
    assert invert(_tree(root, blocks), {"a.b.c/x": (None, None)}) == root
    with pytest.raises(TreeDiffers):
        invert(_tree(root, blocks), {"a.b.c/1": (None, None)})


@pytest.mark.parametrize("change", [(None, cid_of(b"other")), (LEAF, None), (LEAF, cid_of(b"other"))])
def test_a_change_that_the_tree_does_not_show_is_named(change: tuple[Cid | None, Cid | None]) -> None:
    root, blocks = build({"a.b.c/1": LEAF, "a.b.c/2": LEAF})
    with pytest.raises(TreeDiffers):
        invert(_tree(root, blocks), {"a.b.c/1": change})


def test_a_wrong_before_gives_another_root() -> None:
    root, blocks = build({"a.b.c/1": LEAF, "a.b.c/2": LEAF})
    other = invert(_tree(root, blocks), {"a.b.c/1": (cid_of(b"other"), LEAF)})
    assert other == build({"a.b.c/1": cid_of(b"other"), "a.b.c/2": LEAF})[0]
    assert other != root


@pytest.mark.parametrize("path", ["", "a", "a/b/c", "/a", "a/", "a/é", "a/" + "b" * 1100, "a/\ud800"])
def test_a_path_that_no_record_has_is_not_put_back(path: str) -> None:
    root, blocks = build({"a.b.c/1": LEAF})
    with pytest.raises(TreeInvalid):
        invert(_tree(root, blocks), {path: (LEAF, None)})


def test_an_untouched_subtree_becomes_the_root_without_being_read() -> None:
    low = {f"a.b.c/{n:03}": LEAF for n in range(40) if layer(f"a.b.c/{n:03}") <= 1}
    high = _key(4, prefix="b.b.c/")
    old_root, root, blocks = commit_blocks(low, low | {high: LEAF})
    del blocks[old_root]
    assert invert(_tree(root, blocks), {high: (None, LEAF)}) == old_root


def test_a_block_that_lies_about_its_cid_is_named() -> None:
    root, blocks = build({f"a.b.c/{n}": LEAF for n in range(30)})
    for cid in blocks:
        blocks[cid] += b"\x00"
    with pytest.raises(BlockInvalid):
        list(_tree(root, blocks).walk())
    with pytest.raises(BlockInvalid):
        _tree(root, blocks).get("a.b.c/1")


def _raw(left: Any = None, entries: Any = ()) -> tuple[Cid, dict[bytes, bytes]]:
    blocks: dict[bytes, bytes] = {}
    return put(blocks, {"l": left, "e": list(entries)}), blocks


def _entry(key: bytes = b"a/b", shared: Any = 0, value: Any = None, right: Any = None) -> dict[str, Any]:
    return {"p": shared, "k": key, "v": value or link(LEAF), "t": right}


ZERO = [key for key in (f"a/{n}" for n in range(100, 200)) if layer(key) == 0]
A, B = ZERO[0].encode(), ZERO[1].encode()
SHARED = shared_prefix(A, B)


@pytest.mark.parametrize(
    ("root", "blocks"),
    [
        pytest.param(*_raw(entries=[_entry(B), _entry(A)]), id="unsorted"),
        pytest.param(*_raw(entries=[_entry(A), _entry(b"", len(A))]), id="the same key twice"),
        pytest.param(*_raw(entries=[_entry(A), _entry(B)]), id="not compressed"),
        pytest.param(*_raw(entries=[_entry(A), _entry(B[SHARED - 1 :], SHARED - 1)]), id="compressed too little"),
        pytest.param(*_raw(entries=[_entry(A), _entry(B[SHARED:], SHARED + 9)]), id="compressed too much"),
        pytest.param(*_raw(entries=[_entry(A), _entry(B, -1)]), id="a negative prefix"),
        pytest.param(*_raw(entries=[_entry(A), _entry(B[1:], True)]), id="a prefix that is no number"),
        pytest.param(*_raw(entries=[_entry(A, 1)]), id="the first key compressed"),
        pytest.param(*_raw(entries=[_entry(b"a")]), id="a key without a slash"),
        pytest.param(*_raw(entries=[_entry(b"a/\xff")]), id="a key that is not text"),
        pytest.param(*_raw(entries=[_entry(b"a/\n")]), id="a key with a newline"),
        pytest.param(*_raw(entries=[_entry(b"a/" + b"b" * 1023)]), id="a key too long"),
        pytest.param(*_raw(entries=[_entry("a/b")]), id="a key that is a string"),
        pytest.param(*_raw(entries=[_entry(A, value=bytes(LEAF))]), id="bytes in place of a link"),
        pytest.param(*_raw(entries=[_entry(A, value=link(b"\x01\x55" + LEAF[2:]))]), id="a value that is a blob"),
        pytest.param(*_raw(entries=[_entry(A, right=link(LEAF))]), id="a link below the bottom"),
        pytest.param(*_raw(entries=[{**_entry(A), "x": 1}]), id="an entry with another field"),
        pytest.param(*_raw(entries=[{"k": A}]), id="an entry without fields"),
        pytest.param(*_raw(entries=[1]), id="an entry that is a number"),
        pytest.param(*_raw(left="x"), id="a left that is text"),
        pytest.param(*_raw(left=link(b"\x01\x71\x12\x20" + bytes(31))), id="a link too short"),
        pytest.param(*_raw(left=link(LEAF)), id="a root without entries"),
        pytest.param(cid_of(b"\x80"), {cid_of(b"\x80"): b"\x80"}, id="a list"),
        pytest.param(cid_of(b"\xff"), {cid_of(b"\xff"): b"\xff"}, id="not cbor"),
        pytest.param(cid_of(b"\x81" * 5000), {cid_of(b"\x81" * 5000): b"\x81" * 5000}, id="nested without end"),
    ],
)
def test_a_malformed_node_is_refused_by_name(root: Cid, blocks: dict[bytes, bytes]) -> None:
    for use in (lambda tree: list(tree.walk()), lambda tree: tree.get("a/b"), lambda tree: invert(tree, {})):
        with pytest.raises(TreeInvalid) as caught:
            use(_tree(root, blocks))
        assert not isinstance(caught.value, TreeIncomplete)


def test_a_key_among_keys_of_another_layer_is_refused_where_it_is_used() -> None:
    strange = _key(1, prefix="b/")
    root, blocks = _raw(entries=[_entry(A), _entry(strange.encode())])
    tree = _tree(root, blocks)
    uses: list[Any] = [
        lambda: list(tree.walk()),
        lambda: tree.get(strange),
        lambda: invert(tree, {strange: (None, LEAF)}),
        lambda: invert(tree, {strange: (A, LEAF)}),
    ]
    for use in uses:
        with pytest.raises(TreeInvalid, match="layer"):
            use()


@given(st.data())
def test_a_node_that_is_read_is_written_back_to_the_same_bytes(data: st.DataObject) -> None:
    block = data.draw(st.sampled_from(sorted(build({f"a.b.c/{n:02}": LEAF for n in range(30)})[1].values())))
    place = data.draw(st.integers(0, len(block) - 1))
    changed = block[:place] + data.draw(st.binary(max_size=3)) + block[place + data.draw(st.integers(0, 3)) :]
    for read in (block, changed):
        try:
            found = parse_node(read, LIMITS)
        except TreeInvalid:
            assert read is not block
            continue
        assert encode_node(found) == read
        assert cbor2.dumps(cbor2.loads(read), canonical=True) == read


@pytest.mark.parametrize(
    "unit", [b"\xa4akA", b"\xa4akX\xffap", b"ap", b"\xa4akAaap\x00at\xf6", b"\xa4akA" + b"ap" * 99]
)
def test_a_megabyte_that_is_almost_a_node_is_refused_quickly(unit: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(TreeInvalid):
        parse_node(b"\xa2ae\x99\xff\xff" + unit * (1_000_000 // len(unit)), LIMITS)
    assert time.perf_counter() - began < 1


def test_a_node_of_far_too_many_entries_is_refused_without_being_read() -> None:
    head, link_head = b"\xa2ae\x99\xff\xff", b"\xd8\x2a\x58\x25\x00\x01\x71\x12\x20"
    block = head + (b"\xa4akAaap\x00at\xf6av" + link_head + b"v" * 32) * 100_000
    tracemalloc.start()
    try:
        with pytest.raises(TreeInvalid):
            parse_node(block, LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(block)


def test_a_node_that_is_not_written_canonically_is_refused() -> None:
    block = cbor2.dumps({"e": [], "l": None}).replace(b"\x80", b"\x98\x00")
    with pytest.raises(TreeInvalid):
        list(_tree(cid_of(block), {cid_of(block): block}).walk())


def test_a_missing_node_is_named() -> None:
    root, blocks = build({f"a.b.c/{n}": LEAF for n in range(50)})
    (missing,) = [cid for cid in blocks if cid != root][:1]
    del blocks[missing]
    with pytest.raises(TreeIncomplete, match=str(Cid(missing))):
        list(_tree(root, blocks).walk())


def test_a_child_that_skips_a_layer_is_refused() -> None:
    blocks: dict[bytes, bytes] = {}
    high = _key(2)
    low = _key(0, above=high)
    root = node(blocks, None, [(high, LEAF, node(blocks, None, [(low, LEAF, None)]))])
    with pytest.raises(TreeInvalid, match="layer"):
        list(_tree(root, blocks).walk())
    with pytest.raises(TreeInvalid, match="layer"):
        _tree(root, blocks).get(low)


def test_a_child_without_entries_at_the_bottom_is_refused() -> None:
    blocks: dict[bytes, bytes] = {}
    root = node(blocks, node(blocks, None, []), [(_key(1), LEAF, None)])
    with pytest.raises(TreeInvalid, match="without entries"):
        list(_tree(root, blocks).walk())


def test_a_node_that_is_used_twice_is_refused() -> None:
    blocks: dict[bytes, bytes] = {}
    high = _key(1)
    child = node(blocks, None, [(_key(0, above=high), LEAF, None)])
    root = node(blocks, child, [(high, LEAF, child)])
    with pytest.raises(TreeInvalid, match="order"):
        list(_tree(root, blocks).walk())
    with pytest.raises(TreeInvalid, match="order"):
        _tree(root, blocks).get("a.b.c/")


def test_keys_beyond_their_parents_are_refused_also_in_a_partial_tree() -> None:
    blocks: dict[bytes, bytes] = {}
    high = _key(1)
    low = _key(0, above=high)
    root = node(blocks, node(blocks, None, [(low, LEAF, None)]), [(high, LEAF, None)])
    with pytest.raises(TreeInvalid, match="order"):
        list(_tree(root, blocks).walk())
    with pytest.raises(TreeInvalid, match="order"):
        invert(_tree(root, blocks), {"a.b.c/": (None, None)})


def test_a_chain_of_nodes_without_entries_ends_at_the_bottom() -> None:
    blocks: dict[bytes, bytes] = {}
    chain = node(blocks, None, [])
    for _ in range(100):
        chain = node(blocks, chain, [])
    high = _key(3)
    root = node(blocks, chain, [(high, LEAF, None)])
    with pytest.raises(TreeInvalid, match="without entries"):
        list(_tree(root, blocks).walk())


@pytest.mark.parametrize(
    "limits",
    [
        TreeLimits(max_depth=2, max_nodes=10_000, max_entries=10_000),
        TreeLimits(max_depth=64, max_nodes=3, max_entries=10_000),
        TreeLimits(max_depth=64, max_nodes=10_000, max_entries=199),
        TreeLimits(max_depth=64, max_nodes=10_000, max_entries=10_000, max_node_entries=2),
    ],
)
def test_every_limit_stops_a_walk(limits: TreeLimits) -> None:
    records = {f"a.b.c/{n:03}": LEAF for n in range(200)}
    assert len(list(_tree(*build(records)).walk())) == 200
    with pytest.raises(TreeInvalid):
        list(_tree(*build(records), limits).walk())


def test_the_limit_of_nodes_stops_lookups_too() -> None:
    records = {f"a.b.c/{n:03}": LEAF for n in range(200)}
    tree = _tree(*build(records), TreeLimits(max_depth=64, max_nodes=3, max_entries=10_000))
    with pytest.raises(TreeInvalid, match="limits"):
        [tree.get(path) for path in records]


def test_a_key_of_a_layer_beyond_the_limit_is_not_put_back() -> None:
    root, blocks = build({"a.b.c/1": LEAF})
    limits = TreeLimits(max_depth=3, max_nodes=10, max_entries=10)
    with pytest.raises(TreeInvalid, match="deeper"):
        invert(_tree(root, blocks, limits), {_key(4): (LEAF, None)})


@given(st.data())
def test_a_tree_with_one_broken_byte_is_refused_by_name_or_unread(data: st.DataObject) -> None:
    records = {f"a.b.c/{n:02}": LEAF for n in range(30)}
    root, blocks = build(records)
    raw = bytearray(blocks[root])
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cid = cid_of(bytes(raw))
    tree = _tree(cid, blocks | {cid: bytes(raw)})
    try:
        walked = dict(tree.walk())
    except TreeInvalid:
        return
    assert cid == build(walked)[0]
