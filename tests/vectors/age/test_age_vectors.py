"""C2SP CCTV age vectors (npm `cctv-age` 0.2.0): all for a hybrid identity, and the others by file key."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing.header import read_header
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import open_payload, unseal_bytes

if TYPE_CHECKING:
    from tests.vectors.age.conftest import Vector

pytestmark = pytest.mark.outside(tool="node")

DAMAGED = RefusalCode.SEALED_FILE_DAMAGED
ANOTHER_KEY = RefusalCode.SEALED_TO_ANOTHER_KEY
HYBRID: dict[str, RefusalCode | None] = {
    "hybrid": None,
    "hybrid_and_x25519": None,
    "hybrid_bad_tag": ANOTHER_KEY,
    "hybrid_currupted_enc_mlkem": ANOTHER_KEY,
    "hybrid_currupted_enc_x25519": ANOTHER_KEY,
    "hybrid_extra_argument": DAMAGED,
    "hybrid_grease": None,
    # HPKE in `cryptography` does not tell a point of low order from a wrong key: refused all the same.
    "hybrid_identity": ANOTHER_KEY,
    "hybrid_long_file_key": DAMAGED,
    "hybrid_long_share": DAMAGED,
    "hybrid_low_order": ANOTHER_KEY,
    "hybrid_multiple_recipients": None,
    "hybrid_no_match": ANOTHER_KEY,
    "hybrid_not_canonical_body": DAMAGED,
    "hybrid_not_canonical_enc": DAMAGED,
    "hybrid_short_share": DAMAGED,
    "hybrid_uppercase": ANOTHER_KEY,
    # The vector's fault is in a classic X25519 stanza, a type that this project does not read.
    "hybrid_x25519_arg": ANOTHER_KEY,
}


def hybrid_identities(vector: Vector) -> list[Identity]:
    return [Identity.parse(text) for text in vector.identities if text.startswith("AGE-SECRET-KEY-PQ-1")]


def test_the_table_names_every_vector_with_a_hybrid_identity(vectors: dict[str, Vector]) -> None:
    named = {name for name, v in vectors.items() if not v.is_armoured and hybrid_identities(v)}
    assert named == set(HYBRID)
    assert len(named) == 18


@pytest.mark.parametrize(("name", "refusal"), HYBRID.items(), ids=HYBRID)
def test_a_hybrid_vector_opens_or_is_refused_as_published(
    vectors: dict[str, Vector], name: str, refusal: RefusalCode | None
) -> None:
    vector = vectors[name]
    assert (vector.expect == "success") == (refusal is None)
    if refusal is None:
        assert vector.is_payload(unseal_bytes(vector.sealed, identities=hybrid_identities(vector)))
    else:
        with pytest.raises(CannotUnseal) as refused:
            unseal_bytes(vector.sealed, identities=hybrid_identities(vector))
        assert refused.value.code is refusal


def outcome(vector: Vector) -> str:
    """What happens to a file whose key is known: the grammar, the MAC and the payload alone are tried."""
    source = io.BytesIO(vector.sealed)
    try:
        header = read_header(source)
        plaintext = b"".join(open_payload(source, header, vector.file_key))
    except CannotUnseal:
        return "refused"
    return "opened" if vector.is_payload(plaintext) else "opened to something else"


def test_headers_and_payloads_of_all_other_types_are_judged_as_published(vectors: dict[str, Vector]) -> None:
    grammar = ("hmac_", "header_", "stanza_", "stream_", "version_", "scrypt_and_", "empty")
    tried = {n: v for n, v in vectors.items() if n.startswith(grammar)}
    expected = {n: "opened" if v.expect == "success" else "refused" for n, v in tried.items()}
    assert {n: outcome(v) for n, v in tried.items()} == expected
    assert len(tried) > 40


def test_every_binary_vector_meant_to_open_opens_under_its_file_key(vectors: dict[str, Vector]) -> None:
    meant = {n: v for n, v in vectors.items() if v.expect == "success" and not v.is_armoured}
    assert {n: outcome(v) for n, v in meant.items()} == dict.fromkeys(meant, "opened")
