"""What the site says of its provider, what the provider says of itself, and which keys are taken from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from service.openid.document import address_of_document, read_document
from service.openid.provider import credential_of, identity_provider
from service.openid.registration import origin_of, read_registration
from service.openid.signatures import AssertionKey, provider_keys
from service.problems.signing_in import OrganisationUnreachable
from service.problems.tools import IdentityProviderRefused, SignatureRefused
from tests.at_organisation import ISSUER, Organisation, a_key, a_registration
from tests.factories import Chance, Watch

DOCUMENT: dict[str, Any] = Organisation(clock=Watch()).metadata()


@pytest.mark.parametrize(
    "changes",
    [
        {"amr": []},
        {"scopes": ["profile"]},
        {"issuer": "http://login.trust.example"},
        {"issuer": "https://name:word@login.trust.example"},
        {"issuer": "ftp://login.trust.example"},
        {"algorithm": "HS256"},
        {"algorithm": "none"},
        {"further_origins": ["http://elsewhere.example"]},
        {"authentication": "none"},
        {"client_secret": "in the file"},
    ],
)
def test_a_registration_that_is_not_safe_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(IdentityProviderRefused):
        read_registration(a_registration(tmp_path, **changes))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentityProviderRefused):
        read_registration(tmp_path / "nothing")


def test_loopback_may_be_in_clear(tmp_path: Path) -> None:
    found = read_registration(a_registration(tmp_path, issuer="http://127.0.0.1:3000"))
    assert found.origins == {"http://127.0.0.1:3000"}
    assert origin_of("https://login.trust.example/realm") == "https://login.trust.example:443"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "https://login.trust.example:8443/keys"},
        {"authorization_endpoint": "http://login.trust.example/authorize"},
        {"token_endpoint": "https://me:you@login.trust.example/token"},
        {"token_endpoint": "no address"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_metadata_of_another_issuer_or_that_lead_elsewhere_are_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    registration = read_registration(a_registration(tmp_path))
    assert read_document(json.dumps(DOCUMENT).encode(), registration).token_endpoint == f"{ISSUER}/token"
    with pytest.raises(OrganisationUnreachable):
        read_document(json.dumps({**DOCUMENT, **changes}).encode(), registration)


def test_another_origin_serves_where_the_site_named_it(tmp_path: Path) -> None:
    registration = read_registration(a_registration(tmp_path, further_origins=["https://keys.trust.example"]))
    said = {**DOCUMENT, "jwks_uri": "https://keys.trust.example/keys"}
    assert read_document(json.dumps(said).encode(), registration).jwks_uri.endswith("/keys")


def test_metadata_lie_where_the_standard_says(tmp_path: Path) -> None:
    for issuer in (ISSUER, f"{ISSUER}/"):
        registration = read_registration(a_registration(tmp_path, issuer=issuer))
        assert address_of_document(registration) == f"{ISSUER}/.well-known/openid-configuration"


def test_keys_that_do_not_serve_are_passed_over() -> None:
    key = ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "kid": "a", "alg": "ES256", "use": "sig"}
    others: list[Any] = [
        {**key.as_dict(private=True), "kid": "private"},
        {**public, "use": "enc"},
        {**public, "alg": "ES384"},
        {**public, "key_ops": ["sign"]},
        {**public, "crv": "P-384"},
        OctKey.generate_key(256).as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=False),
        a_key("RS256").as_dict(private=False),
        {"kty": "EC"},
        "no key",
        5,
    ]
    found = provider_keys(json.dumps({"keys": [*others, public]}).encode(), "ES256")
    assert [each.kid for each in found] == ["a"]
    nameless = provider_keys(json.dumps({"keys": [{**public, "kid": 5}]}).encode(), "ES256")
    assert [each.kid for each in nameless] == [None]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"keys": 5}', b"\xff"])
def test_what_is_no_set_of_keys_is_refused(raw: bytes) -> None:
    with pytest.raises(SignatureRefused):
        provider_keys(raw, "ES256")


def test_our_key_is_read_only_where_nobody_else_can(tmp_path: Path) -> None:
    path = a_registration(tmp_path)
    registration = read_registration(path)
    made = credential_of(registration)
    assert isinstance(made, AssertionKey)
    assert set(made.public_jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert made.to_jwk() not in repr(made)
    with pytest.raises(TypeError):
        made.__reduce__()
    registration.credential.chmod(0o444)
    with pytest.raises(IdentityProviderRefused):
        credential_of(registration)


def test_what_is_no_private_key_of_ours_is_refused(tmp_path: Path) -> None:
    registration = read_registration(a_registration(tmp_path))
    p384, p256 = ECKey.generate_key("P-384"), ECKey.generate_key("P-256")
    for text in (
        "",
        "{}",
        "[]",
        json.dumps(p384.as_dict(private=True)),
        json.dumps(p256.as_dict(private=False)),
    ):
        registration.credential.unlink()
        registration.credential.write_text(text)
        registration.credential.chmod(0o400)
        with pytest.raises(IdentityProviderRefused):
            credential_of(registration)


def test_a_shared_secret_is_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    registration = read_registration(
        a_registration(tmp_path, authentication="client_secret_basic", credential=str(secret))
    )
    with pytest.raises(IdentityProviderRefused):
        credential_of(registration)
    for text, mode, serves in (("word\n", 0o400, True), ("word", 0o440, False), ("\n", 0o400, False)):
        secret.unlink(missing_ok=True)
        secret.write_text(text)
        secret.chmod(mode)
        if serves:
            assert credential_of(registration) == "word"
        else:
            with pytest.raises(IdentityProviderRefused):
                credential_of(registration)


def test_certificates_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    for text in (None, "no certificate"):
        if text is not None:
            wrong.write_text(text)
        path = a_registration(tmp_path, certificates=str(wrong))
        with pytest.raises(IdentityProviderRefused):
            identity_provider(path, clock=Watch(), random=Chance())
