"""Signed texts: one algorithm, one type, one of the given keys, and not a byte changed."""

from __future__ import annotations

import base64
import copy
import json
import pickle  # noqa: TID251  # to see it refused
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.value import ShortText, Value
from service.problems.tools import SignatureRefused
from service.signed import (
    LIMIT_BYTES,
    SigningKey,
    TextType,
    canonical,
    sign,
    thumbprint,
    verified,
    verified_bytes,
)


class Words(Value):
    words: ShortText
    number: int = 1


KEY, OTHER = SigningKey.generate(), SigningKey.generate()
TYPE = TextType.PERMIT
WORDS = Words(words="Grüße", number=7)
TEXT = sign(WORDS, KEY, TYPE)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(header: dict[str, Any], key: SigningKey = KEY) -> str:
    """A text with any header at all, its signature true to that header."""
    private = key._key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    signing_input = f"{base64url(json.dumps(header).encode())}.{base64url(canonical(WORDS))}"
    signature = private.sign(signing_input.encode())
    return f"{signing_input}.{base64url(signature)}"


def refused(text: str, keys: tuple[PublicKey, ...] = (KEY.public,), typ: TextType = TYPE) -> None:
    with pytest.raises(SignatureRefused):
        verified(text, keys, typ, Words)


HEADER = {"alg": "Ed25519", "typ": TYPE.value, "kid": KEY.thumbprint}


def test_what_was_signed_is_what_is_verified() -> None:
    assert verified(TEXT, (OTHER.public, KEY.public), TYPE, Words) == WORDS


def test_the_key_that_signed_is_named() -> None:
    payload, key = verified_bytes(TEXT, (OTHER.public, KEY.public), TYPE)
    assert (payload, key) == (canonical(WORDS), KEY.public)


def test_a_header_made_by_hand_as_ours_is_accepted() -> None:
    """So that the refusals below are for what they change, not for how they are made."""
    assert verified(with_header(HEADER), (KEY.public,), TYPE, Words) == WORDS


@pytest.mark.parametrize("typ", [typ for typ in TextType if typ is not TYPE])
def test_a_text_of_one_type_never_serves_as_another(typ: TextType) -> None:
    refused(TEXT, typ=typ)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": "EdDSA"},
        {"alg": ""},
        {"alg": None},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": OTHER.thumbprint},
        {"kid": ""},
        {"crit": ["b64"], "b64": False},
        {"jwk": OTHER.public.model_dump()},
        {"jku": "https://keys.example/"},
        {"x5c": []},
    ],
    ids=json.dumps,
)
def test_a_header_of_any_other_form_is_refused(change: dict[str, Any]) -> None:
    refused(with_header(HEADER | change))


@pytest.mark.parametrize("name", HEADER)
def test_a_header_without_one_of_its_names_is_refused(name: str) -> None:
    refused(with_header({key: value for key, value in HEADER.items() if key != name}))


def test_another_key_under_our_thumbprint_is_refused() -> None:
    refused(with_header(HEADER, OTHER))


def test_no_key_no_text() -> None:
    refused(TEXT, keys=())


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", TEXT + ".", TEXT.rpartition(".")[0] + ".", "ü" + TEXT, " " + TEXT, TEXT + "\n"],
)
def test_texts_that_are_no_jws_are_refused(text: str) -> None:
    refused(text)


def test_a_text_too_long_to_be_one_of_ours_is_refused_unread() -> None:
    refused(TEXT + "A" * LIMIT_BYTES)


def test_a_payload_of_another_form_is_refused() -> None:
    refused(KEY.sign_bytes(b'{"words": ""}', TYPE))
    refused(KEY.sign_bytes(b"not json", TYPE))


@given(place=st.integers(0, len(TEXT) - 1), letter=st.sampled_from("ABab01-_.=~ "))
def test_a_text_with_one_letter_changed_is_refused(place: int, letter: str) -> None:
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    if changed != TEXT:
        refused(changed)


@given(place=st.integers(0, len(TEXT)), letter=st.sampled_from("ABab01-_.=~ "))
def test_a_text_with_one_letter_more_or_less_is_refused(place: int, letter: str) -> None:
    refused(TEXT[:place] + letter + TEXT[place:])
    if place < len(TEXT):
        refused(TEXT[:place] + TEXT[place + 1 :])


def _bits(text: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split(".")]


@given(part=st.integers(0, 2), data=st.data())
def test_a_text_with_one_bit_changed_is_refused(part: int, data: st.DataObject) -> None:
    parts = _bits(TEXT)
    bit = data.draw(st.integers(0, len(parts[part]) * 8 - 1))
    changed = bytearray(parts[part])
    changed[bit // 8] ^= 1 << bit % 8
    parts[part] = bytes(changed)
    refused(".".join(base64url(one) for one in parts))


@given(st.text(max_size=300))
def test_any_text_at_all_is_refused_and_never_breaks(text: str) -> None:
    refused(text)


@given(words=st.text(min_size=1, max_size=100), number=st.integers(-(2**53) + 1, 2**53 - 1))
def test_any_value_comes_back_as_it_was_signed(words: str, number: int) -> None:
    try:
        value = Words(words=words, number=number)
        text = sign(value, KEY, TYPE)
    except UnicodeEncodeError:  # a lone surrogate is no text (RFC 8785, 3.2.2.2)
        return
    assert verified(text, (KEY.public,), TYPE, Words) == value


# --- keys


def test_a_key_shows_its_thumbprint_and_nothing_else() -> None:
    private = json.loads(KEY.to_jwk())["d"]
    assert KEY.thumbprint in repr(KEY)
    assert private not in repr(KEY)
    assert private not in str(vars(KEY.public))


@pytest.mark.parametrize("act", [pickle.dumps, copy.deepcopy])
def test_a_key_is_not_copied(act: Any) -> None:
    with pytest.raises(TypeError, match="not serialised"):
        act(KEY)


def test_a_key_survives_its_file() -> None:
    again = SigningKey.from_jwk(KEY.to_jwk())
    assert again.public == KEY.public
    assert verified(sign(WORDS, again, TYPE), (KEY.public,), TYPE, Words) == WORDS


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """RFC 8037, A.3."""
    key = PublicKey(x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


PRIVATE = json.loads(KEY.to_jwk())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "7",
        "no json",
        json.dumps({k: v for k, v in PRIVATE.items() if k != "d"}),
        json.dumps(PRIVATE | {"crv": "X25519"}),
        json.dumps(PRIVATE | {"crv": "Ed448"}),
        json.dumps(PRIVATE | {"kty": "oct"}),
        json.dumps(PRIVATE | {"kty": "oct", "k": "AAAA"}),
        json.dumps(PRIVATE | {"d": "AAAA"}),
        json.dumps(PRIVATE | {"d": 7}),
        json.dumps(PRIVATE | {"x": None}),
    ],
)
def test_a_text_that_is_no_private_ed25519_key_is_refused(text: str) -> None:
    with pytest.raises(SignatureRefused):
        SigningKey.from_jwk(text)


def test_a_key_whose_halves_do_not_belong_together_is_refused() -> None:
    """Its texts would name a key that did not sign them."""
    with pytest.raises(SignatureRefused):
        SigningKey.from_jwk(json.dumps(PRIVATE | {"x": OTHER.public.x}))


@pytest.mark.parametrize("x", ["", "AAAA", "no base64!", "é"])
def test_a_public_key_that_is_none_verifies_nothing(x: str) -> None:
    refused(TEXT, keys=(PublicKey(x=x),))
