"""The private key: read from its text, given away only when asked for by name."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251 (to see that it is refused)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing import bech32
from linkage_engine.unseal.identity import Identity

SEED = bytes(range(32))


@given(seed=st.binary(min_size=32, max_size=32))
def test_an_identity_is_read_from_the_text_it_gives(seed: bytes) -> None:
    identity = Identity(seed)
    text = identity.secret_text()
    assert text.startswith("AGE-SECRET-KEY-PQ-1")
    assert Identity.parse(text).recipient == identity.recipient
    assert Identity.parse(text).secret_text() == text


def test_a_new_identity_takes_32_random_bytes() -> None:
    asked = []

    def random(size: int) -> bytes:
        asked.append(size)
        return SEED

    assert Identity.generate(random).recipient == Identity(SEED).recipient
    assert asked == [32]


@pytest.mark.parametrize(
    "text",
    [
        "",
        Identity(SEED).secret_text().lower(),
        Identity(SEED).secret_text()[:-1],
        str(Identity(SEED).recipient),
        bech32.encode("AGE-SECRET-KEY-", SEED).upper(),
        bech32.encode("AGE-SECRET-KEY-PQ-", SEED[:-1]).upper(),
    ],
    ids=["empty", "lower", "cut", "recipient", "classic", "short"],
)
def test_a_text_that_is_no_identity_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CannotUnseal) as refused:
        Identity.parse(text)
    assert refused.value.code is RefusalCode.KEY_INVALID
    assert str(refused.value) == "key-invalid"


def test_an_identity_is_not_shown() -> None:
    assert repr(Identity(SEED)) == str(Identity(SEED)) == "Identity(withheld)"


@pytest.mark.parametrize("act", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_identity_is_not_copied(act: object) -> None:
    assert callable(act)
    with pytest.raises(TypeError, match="not copied"):
        act(Identity(SEED))
