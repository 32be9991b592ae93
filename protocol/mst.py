"""The Merkle search tree that orders a repository's records: reading it, whole or in part, and taking changes back.

The shape of a tree follows from its keys alone, so equal contents have equal roots. A `Tree` reads nodes when they
are needed, over blocks of which a commit carries only some. Strangers build trees: a child must lie exactly one layer
below its parent, which makes a cycle impossible; keys must stand on their own layer and between their neighbours,
which makes a node that is shared or out of place show; every loop is bounded by `TreeLimits`. A walk checks the layer
of every key; a lookup or an inversion that of each node's first key and of the keys in question, since a wrong layer
elsewhere changes the root that inversion reaches.
Pure; a `Tree` belongs to one task. `BlockInvalid` of a block that does not hash to its CID passes through.
Tricky: links never skip a layer, so nodes without entries occur in between, but never on top and never at the bottom.
Spec: https://atproto.com/specs/repository#mst-structure, https://atproto.com/specs/sync
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocol.car import BlockMap, BlockMissing
from protocol.cbor import Cid
from protocol.mst_node import Node, TreeInvalid, TreeLimits, check_key, encode_node, key_layer, parse_node, relinked

__all__ = ["EMPTY_ROOT", "Tree", "TreeDiffers", "TreeIncomplete", "TreeInvalid", "TreeLimits", "invert"]


class TreeIncomplete(TreeInvalid):
    """A node that is needed is not among the blocks."""


class TreeDiffers(TreeInvalid):
    """The tree does not hold what a change says that it holds."""


EMPTY_ROOT: Final = Cid.of_block(encode_node(Node([], [], [None], [])))


# Where a node must lie: its layer (None at the root, whose keys tell), and the keys on both sides.
_Place: TypeAlias = tuple[int | None, bytes, bytes | None]
_AT_THE_ROOT: Final[_Place] = (None, b"", None)


def _below(place: _Place, layer: int, keys: list[bytes], index: int) -> _Place:
    """The place of the link `index` of a node on `layer` that has `keys` and lies at `place`."""
    return (
        layer - 1,
        keys[index - 1] if index else place[1],
        keys[index] if index < len(keys) else place[2],
    )


class Tree:
    """A tree by its root. Every method raises `TreeInvalid` at the first fault that it meets."""

    def __init__(self, root: Cid, blocks: BlockMap, limits: TreeLimits) -> None:
        self.root = root
        self.limits = limits
        self._blocks = blocks
        self._nodes: dict[bytes, tuple[Node, int]] = {}

    def get(self, path: str) -> Cid | None:
        """What the tree holds at `collection/rkey`. Raises `TreeIncomplete` where the blocks cannot tell."""
        key = _key_of(path)
        wanted = key_layer(key)
        cid: bytes | None = self.root
        place = _AT_THE_ROOT
        while cid is not None:
            node, layer = self.node(cid, place)
            index = bisect_left(node.keys, key)
            if _has(node.keys, index, key):
                _check_layer(key, layer)
                return Cid(node.values[index])
            if layer <= wanted:
                return None
            cid, place = node.links[index], _below(place, layer, node.keys, index)
        return None

    def walk(self) -> Iterator[tuple[str, Cid]]:
        """Every path with its record's CID, in order; the whole tree must be at hand."""
        last = b""
        nodes = entries = 0
        waiting: list[_Step] = [(self.root, None)]
        while waiting:
            head, tail = waiting.pop()
            if isinstance(tail, bytes):
                if head <= last:
                    raise TreeInvalid("keys out of order")
                last = head
                yield head.decode(), Cid(tail)
                continue
            node = parse_node(self._block(head), self.limits)
            layer = _layer_of(node, tail, self.limits)
            for key in node.keys:
                _check_layer(key, layer)
            nodes, entries = nodes + 1, entries + len(node.keys)
            if nodes > self.limits.max_nodes or entries > self.limits.max_entries:
                raise TreeInvalid("more nodes or records than the limits allow")
            waiting += _steps(node, layer - 1)

    def node(self, cid: bytes, place: _Place) -> tuple[Node, int]:
        """A node and its layer, kept for the next caller."""
        known = self._nodes.get(cid)
        if known is None:
            if len(self._nodes) >= self.limits.max_nodes:
                raise TreeInvalid("more nodes than the limits allow")
            node = parse_node(self._block(cid), self.limits)
            known = self._nodes[cid] = node, _layer_of(node, place[0], self.limits)
        (keys, _, _, _), layer = known
        wanted, low, high = place
        if wanted is not None and wanted != layer:
            raise TreeInvalid("a node on two layers")
        if keys and (keys[0] <= low or (high is not None and keys[-1] >= high)):
            raise TreeInvalid("keys out of order")
        return known

    def __contains__(self, cid: bytes) -> bool:
        """Whether the block of a node is at hand."""
        return cid in self._blocks

    def _block(self, cid: bytes) -> bytes:
        try:
            return self._blocks.get(cid)
        except BlockMissing as error:
            raise TreeIncomplete(f"node {Cid(cid)} is missing") from error


def _key_of(path: str) -> bytes:
    # What is not text becomes a question mark, which no key has.
    return path.encode(errors="replace")


# What a walk has before it: a key and its value, or a link and its layer.
_Step: TypeAlias = tuple[bytes, bytes | int | None]


def _steps(node: Node, below: int) -> Iterator[_Step]:
    """A node's contents, last first, as a stack wants them."""
    for index in range(len(node.keys), -1, -1):
        link = node.links[index]
        if link is not None:
            yield link, below
        if index:
            yield node.keys[index - 1], node.values[index - 1]


def _layer_of(node: Node, expected: int | None, limits: TreeLimits) -> int:
    """The layer of a node by its first key: the expected one, where one is expected."""
    if not node.keys:
        if node.links[0] is None and expected is None:
            return 0
        if node.links[0] is None or not expected:
            raise TreeInvalid("a node without entries at the top or the bottom")
        return expected
    layer = key_layer(node.keys[0])
    if layer >= limits.max_depth:
        raise TreeInvalid(f"deeper than {limits.max_depth} layers")
    if expected is not None and layer != expected:
        raise TreeInvalid(_WRONG_LAYER)
    if layer == 0 and any(node.links):
        raise TreeInvalid("a link below the bottom layer")
    return layer


_WRONG_LAYER = "a key stands on a layer that is not its own"


def _check_layer(key: bytes, layer: int) -> None:
    if key_layer(key) != layer:
        raise TreeInvalid(_WRONG_LAYER)


def _has(keys: list[bytes], index: int, key: bytes) -> bool:
    return index < len(keys) and keys[index] == key


def invert(tree: Tree, changes: Mapping[str, tuple[Cid | None, Cid | None]]) -> Cid:
    """The root that the tree had before `changes`: path -> (before, after), None for an absent record.

    Every *after* must be what the tree holds (`TreeDiffers`). Deletions are taken back first, as that needs the
    fewest blocks of unchanged neighbours. Raises `TreeIncomplete` where a commit does not carry what its changes need.
    """
    draft = _Draft(tree)
    for path, (before, after) in changes.items():
        if after is None and tree.get(path) is not None:
            raise TreeDiffers(_NOT_AS_SAID)
        if after is None and before is not None:
            draft.insert(_key_of(path), before)
    for path, (before, after) in changes.items():
        if after is not None and before is not None:
            draft.replace(_key_of(path), before, after)
        elif after is not None:
            draft.delete(_key_of(path), after)
    return draft.root_cid()


_NOT_AS_SAID = "the tree does not hold what a change says"


@dataclass(slots=True)
class _DraftNode:
    """A node that may change; its links are drafts where they were opened, CIDs where they were not.

    `entries` as in `Node`: whoever changes a key, its value, the key before it or the link behind it makes it None, but
    for a link to a node that was opened from it (`origin`) and only then changed.
    """

    layer: int
    keys: list[bytes]
    values: list[bytes]
    links: list[bytes | _DraftNode | None]
    entries: list[bytes | None]
    origin: bytes | None = None

    def forget(self, *indexes: int) -> None:
        """These entries, where there are such, are not as they are written any more."""
        for index in indexes:
            if 0 <= index < len(self.entries):
                self.entries[index] = None

    def is_void(self) -> bool:
        return not self.keys and self.links[0] is None


_Link: TypeAlias = bytes | _DraftNode | None


class _Draft:
    """A tree being changed. Only the nodes on the way to a change are opened."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._root = self._opened(tree.root, _AT_THE_ROOT)

    def insert(self, key: bytes, value: bytes) -> None:
        check_key(key)
        layer = key_layer(key)
        if layer >= self._tree.limits.max_depth:
            raise TreeInvalid(f"deeper than {self._tree.limits.max_depth} layers")
        if self._root.is_void():
            self._root = _DraftNode(layer, [], [], [None], [])
        while self._root.layer < layer:
            self._root = _DraftNode(self._root.layer + 1, [], [], [self._root], [])
        node, place = self._root, _AT_THE_ROOT
        while node.layer > layer:
            index = bisect_left(node.keys, key)
            below = _below(place, node.layer, node.keys, index)
            link = node.links[index]
            child = _DraftNode(node.layer - 1, [], [], [None], []) if link is None else self._opened(link, below)
            node.links[index] = child
            node, place = child, below
        index = bisect_left(node.keys, key)
        halves = self._split(node.links[index], key, _below(place, node.layer, node.keys, index))
        node.links[index : index + 1] = halves
        node.keys.insert(index, key)
        node.values.insert(index, value)
        node.entries.insert(index, None)
        node.forget(index - 1, index + 1)

    def replace(self, key: bytes, value: bytes, held: bytes) -> None:
        node, index, _ = self._find(key, held)[-1]
        node.values[index] = value
        node.forget(index)

    def delete(self, key: bytes, held: bytes) -> None:
        way = self._find(key, held)
        node, index, place = way.pop()
        left = _below(place, node.layer, node.keys, index)
        right = _below(place, node.layer, node.keys, index + 1)
        node.links[index : index + 2] = [self._merge(node.links[index], node.links[index + 1], left, right)]
        del node.keys[index], node.values[index], node.entries[index]
        node.forget(index - 1, index)
        while way and node.is_void():
            node, index, _ = way.pop()
            node.links[index] = None
            node.forget(index - 1)

    def root_cid(self) -> Cid:
        """Trims what has no entries from the top, and hashes the rest."""
        while not self._root.keys:
            link = self._root.links[0]
            if link is None:
                return EMPTY_ROOT
            if isinstance(link, bytes) and link not in self._tree:
                # A subtree that no change touched: it was the root before.
                return Cid(link)
            self._root = self._opened(link, (self._root.layer - 1, b"", None))
        return self._hashed(self._root)

    def _find(self, key: bytes, held: bytes) -> list[tuple[_DraftNode, int, _Place]]:
        """The way to a key and what is held there: nodes, the index taken in each, and their places."""
        node, place = self._root, _AT_THE_ROOT
        way: list[tuple[_DraftNode, int, _Place]] = []
        while True:
            index = bisect_left(node.keys, key)
            way.append((node, index, place))
            if _has(node.keys, index, key):
                _check_layer(key, node.layer)
                if node.values[index] != held:
                    raise TreeDiffers(_NOT_AS_SAID)
                return way
            place = _below(place, node.layer, node.keys, index)
            link = node.links[index]
            if link is None:
                raise TreeDiffers(_NOT_AS_SAID)
            child = node.links[index] = self._opened(link, place)
            node = child

    def _opened(self, link: bytes | _DraftNode, place: _Place) -> _DraftNode:
        if isinstance(link, _DraftNode):
            return link
        node, layer = self._tree.node(link, place)
        return _DraftNode(layer, [*node.keys], [*node.values], [*node.links], [*node.entries], link)

    def _split(self, link: _Link, key: bytes, place: _Place) -> tuple[_Link, _Link]:
        """What lies left of `key`, and what lies right of it."""
        if link is None:
            return None, None
        node = self._opened(link, place)
        index = bisect_left(node.keys, key)
        inner_left, inner_right = self._split(node.links[index], key, _below(place, node.layer, node.keys, index))
        keys, values, links, entries = node.keys, node.values, node.links, node.entries
        left = _DraftNode(node.layer, keys[:index], values[:index], [*links[:index], inner_left], entries[:index])
        right = _DraftNode(
            node.layer, keys[index:], values[index:], [inner_right, *links[index + 1 :]], entries[index:]
        )
        left.forget(index - 1)
        right.forget(0)
        return None if left.is_void() else left, None if right.is_void() else right

    def _merge(self, left: _Link, right: _Link, left_place: _Place, right_place: _Place) -> _Link:
        """One subtree of two between which no key is left."""
        if left is None or right is None:
            return right if left is None else left
        first, second = self._opened(left, left_place), self._opened(right, right_place)
        inner = self._merge(
            first.links[-1],
            second.links[0],
            _below(left_place, first.layer, first.keys, len(first.keys)),
            _below(right_place, second.layer, second.keys, 0),
        )
        merged = _DraftNode(
            first.layer,
            first.keys + second.keys,
            first.values + second.values,
            [*first.links[:-1], inner, *second.links[1:]],
            first.entries + second.entries,
        )
        merged.forget(len(first.keys) - 1, len(first.keys))
        return merged

    def _hashed(self, node: _DraftNode) -> Cid:
        links: list[bytes | None] = []
        for index, link in enumerate(node.links):
            if isinstance(link, _DraftNode):
                cid = self._hashed(link)
                if index:
                    entry = node.entries[index - 1]
                    node.entries[index - 1] = entry and link.origin and relinked(entry, cid)
                links.append(cid)
            else:
                links.append(link)
        return Cid.of_block(encode_node(Node(node.keys, node.values, links, node.entries)))
