"""ID tokens: the one that was asked for is believed, and no other, however little it differs."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey

from service.openid.id_token import AnswerRefused, Expected, Fault, identifier, person_at_provider
from service.openid.registration import read_registration
from service.openid.signatures import Algorithm, provider_keys
from tests.at_organisation import CLIENT, ISSUER, Organisation, a_key, a_registration, text
from tests.factories import NOON, Watch

ALGORITHMS: tuple[Algorithm, ...] = ("Ed25519", "EdDSA", "ES256", "ES384", "PS256", "RS256")
ACCESS = "opaque"
MUTATIONS = 2500


def expected_of(folder: Path, organisation: Organisation, algorithm: Algorithm, **changes: Any) -> Expected:
    registration = read_registration(a_registration(folder, algorithm=algorithm, **changes))
    keys = provider_keys(json.dumps({"keys": [organisation.public()]}).encode(), algorithm)
    return Expected(registration, keys, "nonce", ACCESS, NOON)


def an_organisation(algorithm: Algorithm = "ES256", **changes: Any) -> Organisation:
    return Organisation(clock=Watch(), algorithm=algorithm, key=a_key(algorithm), **changes)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_token_is_believed_in_each_algorithm_and_in_no_other_than_the_one_registered(
    tmp_path: Path, algorithm: Algorithm
) -> None:
    organisation = an_organisation(algorithm)
    token = organisation.id_token("nonce", ACCESS)
    found = person_at_provider(token, expected_of(tmp_path, organisation, algorithm))
    assert found == identifier(ISSUER, organisation.subject)
    for other in set(ALGORITHMS) - {algorithm}:
        with pytest.raises(AnswerRefused, match="signature"):
            person_at_provider(token, expected_of(tmp_path, organisation, other))


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "https://evil.example"}, Fault.ISSUER),
        ({"iss": f"{ISSUER}/"}, Fault.ISSUER),
        ({"aud": "another"}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "another"]}, Fault.AUDIENCE),
        ({"aud": []}, Fault.AUDIENCE),
        ({"azp": "another"}, Fault.AUDIENCE),
        ({"exp": int(NOON.timestamp())}, Fault.TIME),
        ({"iat": int(NOON.timestamp()) + 31}, Fault.TIME),
        ({"iat": int(NOON.timestamp()) - 601}, Fault.TIME),
        ({"nbf": int(NOON.timestamp()) + 31}, Fault.TIME),
        ({"iat": int(NOON.timestamp()) + 20, "exp": int(NOON.timestamp()) + 10}, Fault.TIME),
        ({"nonce": "another"}, Fault.NONCE),
        ({"nonce": None}, Fault.CLAIMS),
        ({"sub": ""}, Fault.CLAIMS),
        ({"sub": None}, Fault.CLAIMS),
        ({"sub": "x" * 256}, Fault.CLAIMS),
        ({"sub": 5}, Fault.CLAIMS),
        ({"exp": "never"}, Fault.CLAIMS),
        ({"at_hash": "AAAA"}, Fault.ACCESS_TOKEN),
        ({"amr": ["pwd"]}, Fault.SECOND_FACTOR),
        ({"amr": None}, Fault.SECOND_FACTOR),
        ({"amr": "mfa"}, Fault.CLAIMS),
    ],
)
def test_each_claim_that_is_another_than_it_should_be_is_refused(
    tmp_path: Path, claims: dict[str, Any], fault: Fault
) -> None:
    organisation = an_organisation(claims=claims)
    with pytest.raises(AnswerRefused) as refused:
        person_at_provider(
            organisation.id_token("nonce", ACCESS), expected_of(tmp_path, organisation, "ES256")
        )
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    "claims", [{"aud": [CLIENT]}, {"azp": CLIENT}, {"at_hash": None}, {"nbf": int(NOON.timestamp())}]
)
def test_what_a_provider_may_say_otherwise_is_believed(tmp_path: Path, claims: dict[str, Any]) -> None:
    organisation = an_organisation(claims=claims)
    assert person_at_provider(
        organisation.id_token("nonce", ACCESS), expected_of(tmp_path, organisation, "ES256")
    )


def test_the_hash_of_an_access_token_that_did_not_come_is_refused(tmp_path: Path) -> None:
    organisation = an_organisation()
    known = expected_of(tmp_path, organisation, "ES256")
    without = Expected(known.registration, known.keys, "nonce", None, NOON)
    with pytest.raises(AnswerRefused, match="access-token"):
        person_at_provider(organisation.id_token("nonce", ACCESS), without)


def test_a_class_of_signing_in_is_held_to_where_the_site_names_one(tmp_path: Path) -> None:
    for said, believed in (("gold", True), ("silver", False), (None, False)):
        organisation = an_organisation(claims={"acr": said, "amr": None})
        expected = expected_of(tmp_path, organisation, "ES256", acr=["gold"], amr=[])
        token = organisation.id_token("nonce", ACCESS)
        if believed:
            assert person_at_provider(token, expected)
        else:
            with pytest.raises(AnswerRefused, match="second-factor"):
                person_at_provider(token, expected)


def test_the_name_of_a_person_is_of_both_issuer_and_subject() -> None:
    assert len({identifier("a", "bc"), identifier("ab", "c"), identifier("a", "b")}) == 3


@pytest.mark.parametrize("kid", [None, "first"])
def test_a_key_is_found_by_its_name_or_by_being_the_only_one(tmp_path: Path, kid: str | None) -> None:
    organisation = an_organisation(kid=kid)
    known = expected_of(tmp_path, organisation, "ES256")
    token = organisation.id_token("nonce", ACCESS)
    assert person_at_provider(token, known)
    two = (*known.keys, *expected_of(tmp_path, an_organisation(kid=kid), "ES256").keys)
    with pytest.raises(AnswerRefused, match="signature"):
        person_at_provider(token, Expected(known.registration, two, "nonce", ACCESS, NOON))


def forged(organisation: Organisation) -> dict[str, str]:
    """Texts that somebody without the provider's key can make."""
    token = organisation.id_token("nonce", ACCESS)
    _, payload, signature = token.split(".")
    public = organisation.public()
    shared = OctKey.import_key(json.dumps(organisation.key.as_dict(private=False)).encode())
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    hs256 = jws.serialize_compact({"alg": "HS256", "kid": "first"}, raw, shared, algorithms=["HS256"])

    def header(**said: Any) -> str:
        return text(json.dumps(said).encode())

    own = an_organisation(header={"jwk": an_organisation().public()})
    return {
        "alg none": f"{header(alg='none')}.{payload}.",
        "alg none, signed": f"{header(alg='none', kid='first')}.{payload}.{signature}",
        "HS256 with the public key": hs256,
        "another's key of the same name": an_organisation().id_token("nonce", ACCESS),
        "a key that comes along": own.id_token("nonce", ACCESS),
        "where a key is": f"{header(alg='ES256', kid='first', jku='https://evil.example')}.{payload}.{signature}",
        "critical": f"{header(alg='ES256', kid='first', crit=['b64'], b64=False)}.{payload}.{signature}",
        "no signature": f"{token.rpartition('.')[0]}.",
        "two parts": token.rpartition(".")[0],
        "JSON": json.dumps({"payload": payload, "signatures": [{"signature": signature}]}),
        "not a name": f"{header(alg='ES256', kid=5)}.{payload}.{signature}",
        "no algorithm": f"{header(kid='first')}.{payload}.{signature}",
        "an access token": organisation.id_token("nonce", ACCESS).replace(
            token.split(".")[0], header(alg="ES256", typ="at+jwt", kid="first")
        ),
        "too long": "A" * 20_000,
        "not ASCII": f"é{token}",
        "unknown": f"{header(alg='ES256', kid=public['x'])}.{payload}.{signature}",
        "empty": "",
    }


def test_what_anybody_can_make_is_refused(tmp_path: Path) -> None:
    organisation = an_organisation()
    known = expected_of(tmp_path, organisation, "ES256")
    for fault, token in forged(organisation).items():
        with pytest.raises(AnswerRefused) as refused:
            person_at_provider(token, known)
        assert refused.value.fault is Fault.SIGNATURE, fault


def test_none_of_many_changed_tokens_is_believed(tmp_path: Path) -> None:
    """One letter, one part or one claim is another: none of them is the provider's word."""
    organisation = an_organisation()
    known = expected_of(tmp_path, organisation, "ES256")
    token = organisation.id_token("nonce", ACCESS)
    assert person_at_provider(token, known)
    letters = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ")
    places = st.integers(0, len(token) - 1)
    counts = {"changed": 0, "accepted": 0}

    @settings(max_examples=MUTATIONS, deadline=None, database=None)
    @given(
        edits=st.lists(
            st.tuples(st.sampled_from(["set", "cut", "add", "swap"]), places, letters), min_size=1, max_size=4
        )
    )
    def refused(edits: list[tuple[str, int, str]]) -> None:
        made = token
        for what, place, letter in edits:
            rest = made[place + 1 :]
            made = {
                "set": made[:place] + letter + rest,
                "cut": made[:place] + rest,
                "add": made[:place] + letter + made[place:],
                "swap": rest + made[: place + 1],
            }[what]
        if made == token:
            return
        counts["changed"] += 1
        try:
            person_at_provider(made, known)
        except AnswerRefused:
            return
        counts["accepted"] += 1

    refused()
    assert counts["accepted"] == 0
    assert counts["changed"] >= 2000


def test_a_token_is_old_before_it_is_seen(tmp_path: Path) -> None:
    organisation = an_organisation()
    known = expected_of(tmp_path, organisation, "ES256")
    late = Expected(known.registration, known.keys, "nonce", ACCESS, NOON + timedelta(seconds=300))
    with pytest.raises(AnswerRefused, match="time"):
        person_at_provider(organisation.id_token("nonce", ACCESS), late)
