"""Files go both ways between this project and npm `age-encryption` 0.3.1, an independent implementation."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable

import pytest

from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.sealing.stream import CHUNK_BYTES
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes

pytestmark = pytest.mark.outside(tool="node")

SIZES = [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity.generate(secrets.token_bytes)


def test_a_key_of_the_peer_has_the_same_recipient_here(peer: Callable[..., bytes]) -> None:
    identity, recipient = peer("keygen").decode().split("\n")
    assert str(Identity.parse(identity).recipient) == recipient
    assert Identity.parse(identity).secret_text() == identity


@pytest.mark.parametrize("size", SIZES)
def test_what_the_peer_seals_opens_here(peer: Callable[..., bytes], identity: Identity, size: int) -> None:
    plaintext = secrets.token_bytes(size)
    sealed = peer("seal", str(identity.recipient), data=plaintext)
    assert unseal_bytes(sealed, identities=[identity]) == plaintext


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_here_opens_at_the_peer(
    peer: Callable[..., bytes], identity: Identity, size: int
) -> None:
    plaintext = secrets.token_bytes(size)
    sealed = seal_bytes(plaintext, recipients=[identity.recipient], random=secrets.token_bytes)
    assert peer("open", identity.secret_text(), data=sealed) == plaintext


def test_two_recipients_of_one_file_may_be_on_either_side(
    peer: Callable[..., bytes], identity: Identity
) -> None:
    their_identity, their_recipient = peer("keygen").decode().split("\n")
    recipients = [identity.recipient, Recipient.parse(their_recipient)]
    ours = seal_bytes(b"shared", recipients=recipients, random=secrets.token_bytes)
    theirs = peer("seal", *(str(r) for r in recipients), data=b"shared")
    assert peer("open", their_identity, data=ours) == b"shared"
    assert unseal_bytes(theirs, identities=[identity]) == b"shared"


def test_the_peer_refuses_a_file_of_ours_that_was_cut(peer: Callable[..., bytes], identity: Identity) -> None:
    sealed = seal_bytes(bytes(2 * CHUNK_BYTES), recipients=[identity.recipient], random=secrets.token_bytes)
    with pytest.raises(subprocess.CalledProcessError):
        peer("open", identity.secret_text(), data=sealed[: -CHUNK_BYTES - 16])
