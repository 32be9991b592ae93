"""A repo's Merkle search tree, as a host keeps it: whole, in memory, persistent.

A tree never changes; `put` and `drop` give a new one that shares all it can, in time logarithmic in the keys. Blocks
are written when first asked for. Trees are always whole here: reading strangers' partial trees is not its business.
Spec: https://atproto.com/specs/repository
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from simulator.codec import Cid, encode


def layer_of(key: str) -> int:
    """The layer that a key belongs to: the leading zero bits of its SHA-256, in pairs."""
    digest = hashlib.sha256(key.encode()).digest()
    return (256 - int.from_bytes(digest).bit_length()) // 2


@dataclass(frozen=True, eq=False)
class Node:
    """`keys` in order, their `values`, and the subtrees around them: one more than keys, each a layer lower or none."""

    layer: int
    keys: tuple[str, ...]
    values: tuple[Cid, ...]
    subtrees: tuple[Node | None, ...]

    @cached_property
    def block(self) -> bytes:
        written = [key.encode() for key in self.keys]
        shared = [shared_length(*pair) for pair in zip(written, (b"", *written), strict=False)]
        links = [subtree and subtree.cid for subtree in self.subtrees]
        entries = [
            {"p": prefix, "k": key[prefix:], "v": value, "t": link}
            for prefix, key, value, link in zip(shared, written, self.values, links[1:], strict=True)
        ]
        return encode({"l": links[0], "e": entries})

    @cached_property
    def cid(self) -> Cid:
        return Cid.of_block(self.block)


@dataclass(frozen=True, eq=False)
class Tree:
    """A whole tree. Its root is never an empty node above another."""

    root: Node = Node(0, (), (), (None,))

    @classmethod
    def of(cls, items: Iterable[tuple[str, Cid]]) -> Tree:
        """The tree of these keys and values, built by the definition."""
        ranked = sorted((key, value, layer_of(key)) for key, value in items)
        top = max((layer for *_, layer in ranked), default=0)
        return cls(_build(ranked, top) or Node(0, (), (), (None,)))

    @property
    def cid(self) -> Cid:
        return self.root.cid

    def get(self, key: str) -> Cid | None:
        node: Node | None = self.root
        while node is not None:
            at = bisect_left(node.keys, key)
            if node.keys[at : at + 1] == (key,):
                return node.values[at]
            node = node.subtrees[at]
        return None

    def put(self, key: str, value: Cid) -> Tree:
        return Tree(_put(self.root, key, value, layer_of(key)))

    def drop(self, key: str) -> Tree:
        """Without a key that is there. Raises `KeyError` when it is not."""
        root = _drop(self.root, key)
        while root is not None and not root.keys:
            root = root.subtrees[0]
        return Tree() if root is None else Tree(root)

    def items(self) -> Iterator[tuple[str, Cid]]:
        """Every key and value, in order of the keys."""
        return _items(self.root)

    def nodes(self) -> Iterator[Node]:
        """Every node, parents first."""
        waiting: list[Node] = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [subtree for subtree in reversed(node.subtrees) if subtree is not None]

    def new_since(self, before: Tree) -> Iterator[Node]:
        """The nodes that are not in `before`; time is that of the difference."""
        return _new_nodes([self.root], [before.root])

    def proof(self, key: str) -> Iterator[Node]:
        """The nodes that show whether a key is here, and what an inversion of a change to it reads: the paths to it and
        to the keys next to it. A node may come several times."""
        yield from _path(self.root, key)
        before, after = _neighbours(self.root, key)
        for neighbour in (before, after):
            if neighbour is not None:
                yield from _path(self.root, neighbour)


def shared_length(left: bytes, right: bytes) -> int:
    """How many first bytes two keys share."""
    pairs = zip(left, right, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _build(ranked: Sequence[tuple[str, Cid, int]], layer: int) -> Node | None:
    if not ranked:
        return None
    own = [at for at, (*_, other) in enumerate(ranked) if other == layer]
    edges = [-1, *own, len(ranked)]
    return Node(
        layer,
        tuple(ranked[at][0] for at in own),
        tuple(ranked[at][1] for at in own),
        tuple(_build(ranked[left + 1 : right], layer - 1) for left, right in pairwise(edges)),
    )


def _put(node: Node, key: str, value: Cid, layer: int) -> Node:
    if layer > node.layer:
        left, right = _split(node, key)
        return Node(layer, (key,), (value,), (_lift(layer - 1, left), _lift(layer - 1, right)))
    at = bisect_left(node.keys, key)
    if layer < node.layer:
        subtree = node.subtrees[at]
        if subtree is None:
            lower = _raise_to(node.layer - 1, Node(layer, (key,), (value,), (None, None)))
        else:
            lower = _put(subtree, key, value, layer)
        return _with_subtree(node, at, lower)
    if node.keys[at : at + 1] == (key,):
        return Node(layer, node.keys, (*node.values[:at], value, *node.values[at + 1 :]), node.subtrees)
    left, right = _split(node.subtrees[at], key)
    return Node(
        layer,
        (*node.keys[:at], key, *node.keys[at:]),
        (*node.values[:at], value, *node.values[at:]),
        (*node.subtrees[:at], left, right, *node.subtrees[at + 1 :]),
    )


def _drop(node: Node | None, key: str) -> Node | None:
    if node is None:
        raise KeyError(key)
    at = bisect_left(node.keys, key)
    if node.keys[at : at + 1] != (key,):
        return _unless_empty(_with_subtree(node, at, _drop(node.subtrees[at], key)))
    merged = _merge(node.subtrees[at], node.subtrees[at + 1])
    return _unless_empty(
        Node(
            node.layer,
            node.keys[:at] + node.keys[at + 1 :],
            node.values[:at] + node.values[at + 1 :],
            (*node.subtrees[:at], merged, *node.subtrees[at + 2 :]),
        )
    )


def _split(node: Node | None, key: str) -> tuple[Node | None, Node | None]:
    """What is before a key that is not in the subtree, and what is after."""
    if node is None:
        return None, None
    at = bisect_left(node.keys, key)
    before, after = _split(node.subtrees[at], key)
    left = Node(node.layer, node.keys[:at], node.values[:at], (*node.subtrees[:at], before))
    right = Node(node.layer, node.keys[at:], node.values[at:], (after, *node.subtrees[at + 1 :]))
    return _unless_empty(left), _unless_empty(right)


def _merge(left: Node | None, right: Node | None) -> Node | None:
    """Two neighbouring subtrees of one layer as one."""
    if left is None or right is None:
        return left or right
    middle = _merge(left.subtrees[-1], right.subtrees[0])
    return Node(
        left.layer,
        left.keys + right.keys,
        left.values + right.values,
        (*left.subtrees[:-1], middle, *right.subtrees[1:]),
    )


def _with_subtree(node: Node, at: int, subtree: Node | None) -> Node:
    return Node(node.layer, node.keys, node.values, (*node.subtrees[:at], subtree, *node.subtrees[at + 1 :]))


def _unless_empty(node: Node) -> Node | None:
    return node if node.keys or node.subtrees[0] is not None else None


def _lift(layer: int, node: Node | None) -> Node | None:
    return None if node is None else _raise_to(layer, node)


def _raise_to(layer: int, node: Node) -> Node:
    """Links never skip a layer: empty nodes stand between."""
    while node.layer < layer:
        node = Node(node.layer + 1, (), (), (node,))
    return node


def _items(node: Node | None) -> Iterator[tuple[str, Cid]]:
    if node is None:
        return
    yield from _items(node.subtrees[0])
    for key, value, subtree in zip(node.keys, node.values, node.subtrees[1:], strict=True):
        yield key, value
        yield from _items(subtree)


def _path(root: Node, key: str) -> Iterator[Node]:
    node: Node | None = root
    while node is not None:
        yield node
        at = bisect_left(node.keys, key)
        if node.keys[at : at + 1] == (key,):
            return
        node = node.subtrees[at]


def _neighbours(root: Node, key: str) -> tuple[str | None, str | None]:
    """The nearest keys before and after one, whether it is in the tree or not."""
    before: str | None = None
    after: str | None = None
    node: Node | None = root
    while node is not None:
        at = bisect_left(node.keys, key)
        before = node.keys[at - 1] if at else before
        rest = node.keys[at:]
        if rest[:1] == (key,):
            return _last(node.subtrees[at]) or before, _first(node.subtrees[at + 1]) or (rest[1:] or (after,))[0]
        after = rest[0] if rest else after
        node = node.subtrees[at]
    return before, after


def _first(node: Node | None) -> str | None:
    if node is None:
        return None
    return _first(node.subtrees[0]) or node.keys[0]


def _last(node: Node | None) -> str | None:
    if node is None:
        return None
    return _last(node.subtrees[-1]) or node.keys[-1]


def _new_nodes(after: list[Node], before: list[Node]) -> Iterator[Node]:
    """Layer by layer downwards, and only below what differs. The nodes of a list are of one layer."""
    while after:
        layer = after[0].layer
        while before and before[0].layer > layer:
            before = _subtrees(before)
        level = {node.cid: node for node in before if node.layer == layer}
        fresh = [node for node in after if node.cid not in level]
        yield from fresh
        if level:
            kept = {node.cid for node in after}
            before = _subtrees(node for cid, node in level.items() if cid not in kept)
        after = _subtrees(fresh)


def _subtrees(nodes: Iterable[Node]) -> list[Node]:
    return [subtree for node in nodes for subtree in node.subtrees if subtree is not None]
