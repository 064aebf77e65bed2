"""The tree against RFC 9162 written down naively: lists of leaves, recursion, no stored nodes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.audit.tree import (
    EMPTY_ROOT,
    GrowingTree,
    ProofInvalid,
    consistency_proof,
    frontier,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

SIZES = st.integers(min_value=1, max_value=70)


def naive_split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(old: int, leaves: list[bytes], *, known: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if old <= k:
        return [*naive_subproof(old, leaves[:k], known=known), naive_root(leaves[k:])]
    return [*naive_subproof(old - k, leaves[k:], known=False), naive_root(leaves[:k])]


def data(size: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(size)]


def tree_over(leaves: list[bytes]) -> GrowingTree:
    tree = GrowingTree()
    for leaf in leaves:
        tree.add(leaf_hash(leaf))
    return tree


@given(SIZES, st.data())
def test_every_earlier_root_is_the_rfcs(size: int, draw: st.DataObject) -> None:
    leaves = data(size)
    earlier = draw.draw(st.integers(0, size))
    assert tree_over(leaves).root_at(earlier) == naive_root(leaves[:earlier])


@given(SIZES, st.data())
def test_inclusion_proofs_are_the_rfcs_and_verify(size: int, draw: st.DataObject) -> None:
    leaves, tree = data(size), tree_over(data(size))
    index = draw.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tree.node)
    assert proof == naive_path(index, leaves)
    verify_inclusion(leaf_hash(leaves[index]), index, (size, tree.root_at(size)), proof)


@given(SIZES, st.data())
def test_consistency_proofs_are_the_rfcs_and_verify(size: int, draw: st.DataObject) -> None:
    leaves, tree = data(size), tree_over(data(size))
    old = draw.draw(st.integers(1, size))
    proof = consistency_proof(old, size, tree.node)
    assert proof == naive_subproof(old, leaves, known=True)
    verify_consistency((old, tree.root_at(old)), (size, tree.root_at(size)), proof)


@given(SIZES, st.data())
def test_an_inclusion_proof_proves_nothing_else(size: int, draw: st.DataObject) -> None:
    tree = tree_over(data(size))
    index = draw.draw(st.integers(0, size - 1))
    other = draw.draw(st.integers(0, 80).filter(lambda number: number != index))
    proof = inclusion_proof(index, size, tree.node)
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf_hash(other.to_bytes(4, "big")), index, (size, tree.root_at(size)), proof)
    with pytest.raises(ProofInvalid):
        verify_inclusion(
            leaf_hash(index.to_bytes(4, "big")), index, (size, tree.root_at(size)), [*proof, bytes(32)]
        )
    if proof:
        with pytest.raises(ProofInvalid):
            verify_inclusion(
                leaf_hash(index.to_bytes(4, "big")), index, (size, tree.root_at(size)), proof[:-1]
            )


@given(st.integers(2, 70), st.data())
def test_another_history_is_never_consistent(size: int, draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, size - 1))
    changed = draw.draw(st.integers(0, old - 1))
    tree, leaves = tree_over(data(size)), data(size)
    leaves[changed] = b"rewritten"
    forged = tree_over(leaves)
    with pytest.raises(ProofInvalid):
        verify_consistency(
            (old, tree.root_at(old)),
            (size, forged.root_at(size)),
            consistency_proof(old, size, forged.node),
        )


@given(SIZES)
def test_the_frontier_is_what_the_next_leaf_needs(size: int) -> None:
    tree = tree_over(data(size))
    assert [level for level, _ in frontier(size)] == [
        level for level in reversed(range(8)) if size & (1 << level)
    ]
    assert all(len(tree.node(level, index)) == 32 for level, index in frontier(size))


def test_the_empty_tree_has_its_root_and_no_proofs() -> None:
    tree = GrowingTree()
    assert tree.root_at(0) == EMPTY_ROOT == naive_root([])
    with pytest.raises(ProofInvalid):
        inclusion_proof(0, 0, tree.node)
    with pytest.raises(ProofInvalid):
        consistency_proof(0, 0, tree.node)
    with pytest.raises(ProofInvalid):
        tree.root_at(1)
    with pytest.raises(ProofInvalid):
        verify_inclusion(b"short", 0, (1, EMPTY_ROOT), [])


def test_proofs_of_another_length_are_refused() -> None:
    tree = tree_over(data(7))
    old, new = (3, tree.root_at(3)), (7, tree.root_at(7))
    proof = consistency_proof(3, 7, tree.node)
    for wrong in ([], proof[:-1], [*proof, bytes(32)]):
        with pytest.raises(ProofInvalid):
            verify_consistency(old, new, wrong)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, old, [bytes(32)])
    with pytest.raises(ProofInvalid):
        verify_consistency(new, old, proof)
