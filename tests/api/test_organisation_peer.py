"""The same with a provider that others wrote: npm's oidc-provider, a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.clock import utc_now
from service.openid.id_token import identifier
from service.openid.provider import credential_of, identity_provider
from service.openid.registration import read_registration
from service.openid.signatures import AssertionKey
from service.organisations.actions import bind
from service.organisations.routes import BACK
from tests.at_browser import ORIGIN, problem
from tests.at_organisation import Traveller, a_registration
from tests.at_work import AtWork

pytestmark = [pytest.mark.process, pytest.mark.outside(tool="node")]
SECONDS = 30


@dataclass
class Peer:
    """The provider at its address, and a person at its pages."""

    issuer: str
    browser: httpx.Client

    def signs_in(self, address: str, account: str, amr: str = "pwd,mfa") -> dict[str, str]:
        """What is brought back from there."""
        self.browser.get(f"{self.issuer}/next", params={"account": account, "amr": amr})
        answer = self.browser.get(address)
        while not answer.headers["location"].startswith(ORIGIN):
            answer = self.browser.get(httpx.URL(self.issuer).join(answer.headers["location"]))
        return dict(httpx.URL(answer.headers["location"]).params)


@contextmanager
def started(node_modules: Path, clients: list[dict[str, Any]]) -> Iterator[str]:
    """The provider's issuer, for as long as it runs."""
    script = Path(__file__).parents[1] / "outside" / "provider.mjs"
    told = ["node", str(script), str(node_modules), json.dumps(clients)]
    with subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def a_client(registration: Path, redirect_uri: str, algorithm: str) -> dict[str, Any]:
    """How the provider knows us: by our key, and where it sends people back to."""
    key = credential_of(read_registration(registration))
    assert isinstance(key, AssertionKey)
    return {
        "client_id": "tre",
        "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": algorithm,
        "jwks": {"keys": [key.public_jwk]},
    }


@pytest.fixture
def known(
    service: AtWork, tmp_path: Path, node_modules: Path, request: pytest.FixtureRequest
) -> Iterator[Peer]:
    """A provider that knows us by our key, signs with the test's algorithm, and that we know."""
    algorithm = getattr(request, "param", "ES256")
    path = a_registration(tmp_path / "organisation", algorithm=algorithm)
    client = a_client(path, f"{ORIGIN}{BACK}", algorithm)
    with started(node_modules, [client]) as issuer, httpx.Client(trust_env=False, timeout=SECONDS) as browser:
        a_registration(tmp_path / "organisation", issuer=issuer, algorithm=algorithm)
        made = identity_provider(path, clock=utc_now, random=service.random)
        service.app.state.surroundings = service.here = replace(service.here, provider=made)
        yield Peer(issuer, browser)


def bound(service: AtWork, peer: Peer) -> None:
    with service.worker("operator") as act:
        bind(act, "rosalind", identifier(peer.issuer, "account-1"))


@pytest.mark.parametrize("known", ["ES256", "RS256", "PS256", "Ed25519"], indirect=True)
def test_a_person_signs_in_with_a_provider_that_others_wrote(service: AtWork, known: Peer) -> None:
    bound(service, known)
    browser = Traveller(service)
    brought = known.signs_in(browser.sets_out(), "account-1")
    assert brought["iss"] == known.issuer
    back = browser.returns(brought)
    assert back.status_code == 200, back.text
    assert browser.send("GET", "/session").json()["principal_id"] == "rosalind"


def test_what_it_says_of_somebody_else_or_without_a_second_factor_is_refused(
    service: AtWork, known: Peer
) -> None:
    bound(service, known)
    for account, amr, slug in (
        ("account-2", "pwd,mfa", "person-not-bound"),
        ("account-1", "pwd", "second-factor-missing"),
    ):
        known.browser.cookies.clear()
        browser = Traveller(service)
        brought = known.signs_in(browser.sets_out(), account, amr)
        assert problem(browser.returns(brought)) == (401, slug)


def test_it_redeems_a_code_once_and_for_the_browser_that_set_out_alone(service: AtWork, known: Peer) -> None:
    bound(service, known)
    first, second = Traveller(service), Traveller(service)
    of_first = known.signs_in(first.sets_out(), "account-1")
    of_second = known.signs_in(second.sets_out(), "account-1")
    # An injected code: the state is the browser's own, the verifier is not the code's.
    injected = second.returns({**of_second, "code": of_first["code"]})
    assert problem(injected) == (401, "sign-in-refused")
    assert problem(second.returns(of_second)) == (401, "sign-in-refused")
    third = Traveller(service)
    of_third = known.signs_in(third.sets_out(), "account-1")
    assert third.returns(of_third).status_code == 200
    fourth = Traveller(service)
    again = {**known.signs_in(fourth.sets_out(), "account-1"), "code": of_third["code"]}
    assert problem(fourth.returns(again)) == (401, "sign-in-refused")
