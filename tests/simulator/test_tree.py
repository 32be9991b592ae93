"""The simulated hosts' trees against the published vectors, and against the definition."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from simulator.codec import Cid, encode
from simulator.tree import Tree, layer_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "atproto-interop"
HEIGHTS = json.loads((FIXTURES / "mst" / "key_heights.json").read_text(encoding="utf-8"))
PROOFS = json.loads((FIXTURES / "firehose" / "commit-proof-fixtures.json").read_text(encoding="utf-8"))
EMPTY = "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"


@pytest.mark.parametrize("vector", HEIGHTS, ids=range(len(HEIGHTS)))
def test_a_key_is_on_its_published_layer(vector: dict[str, Any]) -> None:
    assert layer_of(vector["key"]) == vector["height"]


def test_the_empty_tree_is_one_node_with_no_entries() -> None:
    assert str(Tree().cid) == EMPTY
    assert str(Tree.of(()).cid) == EMPTY


def _changed(vector: dict[str, Any]) -> tuple[Tree, Tree]:
    leaf = Cid.parse(vector["leafValue"])
    before = after = Tree.of((key, leaf) for key in vector["keys"])
    for key in vector["adds"]:
        after = after.put(key, leaf)
    for key in vector["dels"]:
        after = after.drop(key)
    return before, after


@pytest.mark.parametrize("vector", PROOFS, ids=[vector["comment"] for vector in PROOFS])
def test_a_commit_has_its_published_roots(vector: dict[str, Any]) -> None:
    before, after = _changed(vector)
    assert (str(before.cid), str(after.cid)) == (vector["rootBeforeCommit"], vector["rootAfterCommit"])


@pytest.mark.parametrize("vector", PROOFS, ids=[vector["comment"] for vector in PROOFS])
def test_a_commit_carries_the_published_proof(vector: dict[str, Any]) -> None:
    before, after = _changed(vector)
    carried = {str(node.cid) for node in after.new_since(before)}
    for key in (*vector["adds"], *vector["dels"]):
        carried |= {str(node.cid) for node in after.proof(key)}
    assert set(vector["blocksInProof"]) <= carried


def _value(rng: Random) -> Cid:
    return Cid.of_block(encode(rng.randrange(1_000_000)))


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_changed_step_by_step_is_the_tree_built_at_once(seed: int) -> None:
    rng = Random(seed)
    tree, model = Tree(), dict[str, Cid]()
    for _ in range(400):
        key = f"fm.plyr.like/{rng.randrange(120)}"
        if key in model and rng.random() < 0.6:
            del model[key]
            tree = tree.drop(key)
        else:
            model[key] = _value(rng)
            tree = tree.put(key, model[key])
        assert tree.cid == Tree.of(model.items()).cid
    assert list(tree.items()) == sorted(model.items())
    assert {key: tree.get(key) for key in model} == model
    assert tree.get("fm.plyr.like/absent") is None


@pytest.mark.parametrize("seed", range(4))
def test_what_is_new_since_a_tree_is_exactly_what_it_lacks(seed: int) -> None:
    rng = Random(seed)
    before = Tree.of((f"fm.plyr.like/{rng.randrange(10_000)}", _value(rng)) for _ in range(200))
    after = before
    for _ in range(rng.randrange(1, 12)):
        after = after.put(f"fm.plyr.like/{rng.randrange(10_000)}", _value(rng))
    for key, _ in rng.sample(list(before.items()), 12):
        after = after.drop(key)
    old, new = ({node.cid for node in tree.nodes()} for tree in (before, after))
    assert {node.cid for node in after.new_since(before)} == new - old
    assert {node.cid for node in before.new_since(after)} == old - new


def test_dropping_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        Tree().drop("fm.plyr.like/1")
