"""The Merkle tree of RFC 6962 and RFC 9162: append, roots, proofs and their verification.

Everything is computed from the hashes of complete subtrees: the node (level, index)
covers the leaves from index * 2^level on, 2^level of them. Such a node never changes once
its last leaf is there, so a log only ever adds nodes. A reader `nodes(level, index)`
hands them over; it is only asked for nodes that exist in a tree of the size at hand.

Proofs exist for trees with leaves: RFC 9162 §2.1.4 defines consistency from a first tree
of at least one leaf. That every tree extends the empty one says nothing, so size 0 is
refused here and left to the caller to judge.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

LEAF = b"\x00"
"""RFC 9162 §2.1.1: tells a leaf from a node, so that neither can pose as the other."""
INNER = b"\x01"
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of no leaves (RFC 9162 §2.1.1)."""

Node = tuple[int, int, bytes]
"""Level, index, hash."""
NodeReader = Callable[[int, int], bytes]


class ProofInvalid(ValueError):
    """A proof that does not lead from what it should prove to the root."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf (RFC 9162 §2.1.1)."""
    return hashlib.sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees, the earlier one first (RFC 9162 §2.1.1)."""
    return hashlib.sha256(INNER + left + right).digest()


def append(size: int, leaf: bytes, nodes: NodeReader) -> list[Node]:
    """The nodes that become complete when a leaf hash is added to a tree of `size` leaves."""
    level, index, digest = 0, size, leaf
    made = [(level, index, digest)]
    while index & 1:
        digest = node_hash(nodes(level, index - 1), digest)
        level, index = level + 1, index >> 1
        made.append((level, index, digest))
    return made


def root(size: int, nodes: NodeReader) -> bytes:
    """The root over the first `size` leaves (RFC 9162 §2.1.1, MTH)."""
    return _subtree(0, size, nodes) if size else EMPTY_ROOT


def frontier(size: int) -> list[tuple[int, int]]:
    """The level and index of the fewest complete subtrees that cover `size` leaves, largest first."""
    return [(level, (size >> level) - 1) for level in reversed(range(size.bit_length())) if size >> level & 1]


def inclusion_proof(index: int, size: int, nodes: NodeReader) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root, the leaf's sibling first.

    RFC 9162 §2.1.3.1, PATH(m, D[n]). Raises ProofInvalid when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofInvalid("no such leaf in a tree of that size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            path.append(_subtree(middle, end, nodes))
            end = middle
        else:
            path.append(_subtree(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, nodes: NodeReader) -> list[bytes]:
    """The hashes that show a tree of `new` leaves to begin with the tree of `old` leaves.

    RFC 9162 §2.1.4.1, PROOF(m, D[n]). Raises ProofInvalid unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ProofInvalid("a consistency proof leads from a tree with leaves to one no smaller")
    path: list[bytes] = []
    start, end = 0, new
    # SUBPROOF's b: as long as only right halves were cut off, the old root itself is known.
    old_root_is_known = True
    while old < end:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, nodes))
            end = middle
        else:
            path.append(_subtree(start, middle, nodes))
            start, old_root_is_known = middle, False
    if not old_root_is_known:
        path.append(_subtree(start, end, nodes))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, checkpoint: tuple[int, bytes], proof: Sequence[bytes]) -> None:
    """Hold a leaf hash to be at `index` of the tree with this size and root, or raise ProofInvalid.

    RFC 9162 §2.1.3.2, whose steps are numbered here.
    """
    size, root_hash = checkpoint
    _check_hashes([leaf, root_hash, *proof])
    # 1. the leaf lies within the tree
    if not 0 <= index < size:
        raise ProofInvalid("no such leaf in a tree of that size")
    # 2. and 3. start from the leaf
    here, last, digest = index, size - 1, leaf
    # 4. climb
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if here & 1 or here == last:
            digest = node_hash(sibling, digest)
            here, last = _skip_levels_without_sibling(here, last)
        else:
            digest = node_hash(digest, sibling)
        here, last = here >> 1, last >> 1
    # 5. arrived, and at the root
    if last != 0:
        raise ProofInvalid("the proof is too short")
    _check_equal(digest, root_hash)


def verify_consistency(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> None:
    """Hold the new size and root to extend the old ones, or raise ProofInvalid.

    RFC 9162 §2.1.4.2, whose steps are numbered here.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 < old_size <= new_size:
        raise ProofInvalid("a consistency proof leads from a tree with leaves to one no smaller")
    if old_size == new_size:
        if proof:
            raise ProofInvalid("trees of one size need no proof")
        _check_equal(old_root, new_root)
        return
    _check_hashes([old_root, new_root, *proof])
    # 1. the proof is not empty; 2. a complete old tree is its own first hash
    if not proof:
        raise ProofInvalid("the proof is too short")
    path = [old_root, *proof] if _is_power(old_size) else list(proof)
    old_digest, new_digest = _climb_from_both(old_size, new_size, path)
    _check_equal(old_digest, old_root)
    _check_equal(new_digest, new_root)


def _climb_from_both(old_size: int, new_size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root that a consistency path leads to (steps 3 to 7)."""
    # 3. and 4. start at the largest subtree that both trees have whole
    here, last = old_size - 1, new_size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    # 5. and 6. climb towards both roots
    old_digest = new_digest = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if here & 1 or here == last:
            old_digest, new_digest = node_hash(sibling, old_digest), node_hash(sibling, new_digest)
            here, last = _skip_levels_without_sibling(here, last)
        else:
            new_digest = node_hash(new_digest, sibling)
        here, last = here >> 1, last >> 1
    # 7. arrived; the caller compares both roots
    if last != 0:
        raise ProofInvalid("the proof is too short")
    return old_digest, new_digest


def _subtree(start: int, end: int, nodes: NodeReader) -> bytes:
    """The hash over the leaves from start up to end; start is where such a subtree begins."""
    width = end - start
    if _is_power(width):
        level = width.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _largest_power_below(width)
    return node_hash(_subtree(start, middle, nodes), _subtree(middle, end, nodes))


def _skip_levels_without_sibling(here: int, last: int) -> tuple[int, int]:
    """At the right edge a node without a sibling is its own parent (step 4.b of both verifications)."""
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last


def _largest_power_below(width: int) -> int:
    """RFC 9162 §2.1.1: k, the largest power of two smaller than n."""
    return 1 << ((width - 1).bit_length() - 1)


def _is_power(number: int) -> bool:
    return number & (number - 1) == 0


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(digest) != HASH_BYTES for digest in hashes):
        raise ProofInvalid("a hash that is not 32 bytes long")


def _check_equal(computed: bytes, given: bytes) -> None:
    if not hmac.compare_digest(computed, given):
        raise ProofInvalid("the proof leads to another root")


class GrowingTree:
    """A whole tree in memory, for whoever has all leaves: an auditor's copy."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = []

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0]) if self._levels else 0

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash at the end."""
        for level, _, digest in append(self.size, leaf, self.node):
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(digest)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: a NodeReader."""
        return self._levels[level][index]

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` leaves; raises ProofInvalid when there are not as many."""
        if size > self.size:
            raise ProofInvalid("the tree has fewer leaves")
        return root(size, self.node)
