"""The vectors of transparency-dev/merkle: 98 inclusion and 98 consistency proofs, good and bad.

Our verification follows their convention at size 0 and not the wider one of some
implementations: RFC 9162 defines proofs for trees with leaves only, so "extends the empty
tree" is refused whatever the roots (the three vectors named below).
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from service.audit.tree import ProofInvalid, verify_consistency, verify_inclusion

FROM_THE_EMPTY_TREE = {
    "consistency/additional/sizes-are-equal-zero-and-proof-is-empty.json",
    "consistency/additional/size1-is-zero-and-size2-is-not-zero.json",
    "consistency/additional/size1-is-zero-and-does-not-equal-size2.json",
}


def vectors(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "merkle" / f"{name}.json").read_text())
    assert len(found) == 98
    return found


def hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def accepts_inclusion(vector: dict[str, Any]) -> bool:
    leaf, root = hashes([vector["leafHash"], vector["root"]])
    try:
        verify_inclusion(leaf, vector["leafIdx"], (vector["treeSize"], root), hashes(vector["proof"]))
    except ProofInvalid:
        return False
    return True


def accepts_consistency(vector: dict[str, Any]) -> bool:
    old, new = hashes([vector["root1"], vector["root2"]])
    try:
        verify_consistency((vector["size1"], old), (vector["size2"], new), hashes(vector["proof"]))
    except ProofInvalid:
        return False
    return True


@pytest.mark.outside(tool="data")
def test_every_inclusion_vector_is_judged_as_published(outside_data: Path) -> None:
    found = vectors(outside_data, "inclusion")
    wrong = [v["name"] for v in found if accepts_inclusion(v) is v["wantErr"]]
    assert wrong == []
    assert sum(map(accepts_inclusion, found)) == 6


@pytest.mark.outside(tool="data")
def test_every_consistency_vector_is_judged_as_published(outside_data: Path) -> None:
    found = vectors(outside_data, "consistency")
    wrong = [v["name"] for v in found if accepts_consistency(v) is v["wantErr"]]
    assert wrong == []
    assert sum(map(accepts_consistency, found)) == 6


@pytest.mark.outside(tool="data")
def test_nothing_is_proved_from_the_empty_tree(outside_data: Path) -> None:
    named = [v for v in vectors(outside_data, "consistency") if v["name"] in FROM_THE_EMPTY_TREE]
    assert len(named) == 3
    assert not any(map(accepts_consistency, named))
