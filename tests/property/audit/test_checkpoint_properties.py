"""Checkpoints, keys and proofs survive their texts; one flipped bit does not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from service.audit.checkpoint import Checkpoint, LogKey, LogProof, LogSigner, NotACheckpoint

HASHES = st.binary(min_size=32, max_size=32)
ORIGINS = st.from_regex(r"[!-*,-~]{1,40}", fullmatch=True)
CHECKPOINTS = st.builds(Checkpoint, ORIGINS, st.integers(0, 2**63 - 1), HASHES)
SIGNERS = st.builds(lambda o, s: LogSigner(o, Ed25519PrivateKey.from_private_bytes(s)), ORIGINS, HASHES)


@given(CHECKPOINTS)
def test_a_checkpoint_survives_its_text(checkpoint: Checkpoint) -> None:
    assert Checkpoint.from_text(checkpoint.to_text()) == checkpoint


@given(SIGNERS)
def test_a_key_survives_its_text(signer: LogSigner) -> None:
    assert LogKey.from_text(signer.key.to_text()) == signer.key


@given(SIGNERS, st.integers(0, 2**63 - 1), HASHES)
def test_a_signed_note_opens_to_what_was_signed(signer: LogSigner, size: int, root: bytes) -> None:
    assert signer.key.open(signer.sign(size, root)) == Checkpoint(signer.origin, size, root)


@given(st.integers(0, 2**62), st.lists(HASHES, max_size=20), CHECKPOINTS)
def test_a_proof_survives_its_text(index: int, hashes: list[bytes], checkpoint: Checkpoint) -> None:
    signer = LogSigner(checkpoint.origin, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    proof = LogProof(index, tuple(hashes), signer.sign(checkpoint.size, checkpoint.root))
    assert LogProof.from_text(proof.to_text()) == proof


@given(SIGNERS, st.data())
def test_a_note_with_one_character_changed_is_refused(signer: LogSigner, draw: st.DataObject) -> None:
    note = signer.sign(7, bytes(32))
    place = draw.draw(st.integers(0, len(note) - 1))
    other = draw.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != note[place]))
    with pytest.raises(NotACheckpoint):
        signer.key.open(note[:place] + other + note[place + 1 :])
