"""What the api asks outside: one provider, in small answers, and nothing where the site has laid it down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.openid.id_token import AnswerRefused
from service.openid.outbound import Outbound
from service.openid.provider import Attempt, IdentityProvider, identity_provider
from service.problems.signing_in import OrganisationUnreachable
from tests.at_organisation import ISSUER, Organisation, a_registration
from tests.factories import Chance, Watch

ATTEMPT = Attempt("https://tre.example/sign-in/provider/answer", "state", "nonce", "verifier")


def made(folder: Path, organisation: Organisation, **changes: Any) -> IdentityProvider:
    path = a_registration(folder, **changes)
    transport = httpx.WSGITransport(app=organisation)
    return identity_provider(path, clock=organisation.clock, random=Chance(), transport=transport)


def signs_in(provider: IdentityProvider, organisation: Organisation) -> str:
    brought = organisation.signs_in(provider.address_for(ATTEMPT))
    return provider.person(brought["code"], ATTEMPT)


def test_what_is_laid_down_is_not_asked_for(tmp_path: Path) -> None:
    organisation = Organisation(clock=Watch())
    document, keys = tmp_path / "document.json", tmp_path / "keys.json"
    document.write_text(json.dumps(organisation.metadata()))
    keys.write_text(json.dumps({"keys": [organisation.public()]}))
    provider = made(tmp_path, organisation, document=str(document), keys=str(keys))
    assert signs_in(provider, organisation)
    assert [path for path, _, _ in organisation.asked] == ["/realm/token"]
    document.unlink()
    assert signs_in(provider, organisation)
    organisation.clock.forward(hours=1)  # type: ignore[attr-defined]  # a Watch
    with pytest.raises(OrganisationUnreachable):
        signs_in(provider, organisation)


def test_what_was_fetched_serves_for_an_hour(tmp_path: Path) -> None:
    watch = Watch()
    organisation = Organisation(clock=watch)
    provider = made(tmp_path, organisation)
    for _ in range(2):
        assert signs_in(provider, organisation)
    assert [path.rpartition("/")[2] for path, _, _ in organisation.asked] == [
        "openid-configuration",
        "token",
        "keys",
        "token",
    ]
    watch.forward(hours=1)
    assert signs_in(provider, organisation)
    assert len(organisation.asked) == 7


def test_a_secret_is_shown_where_it_is_what_is_shared(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("our secret")
    secret.chmod(0o400)
    organisation = Organisation(clock=Watch())
    provider = made(
        tmp_path,
        organisation,
        authentication="client_secret_basic",
        credential=str(secret),
        audience="issuer",
    )
    assert signs_in(provider, organisation)
    _, form, headers = organisation.asked[1]
    shown = base64.b64decode(str(headers["HTTP_AUTHORIZATION"]).removeprefix("Basic ")).decode()
    assert shown == "tre:our secret"
    assert "client_assertion" not in form
    assert "our secret" not in repr(provider)


@pytest.mark.parametrize(("audience", "named"), [("issuer", ISSUER), ("token_endpoint", f"{ISSUER}/token")])
def test_an_assertion_is_for_whom_the_provider_thinks_it_is(
    tmp_path: Path, audience: str, named: str
) -> None:
    organisation = Organisation(clock=Watch())
    assert signs_in(made(tmp_path, organisation, audience=audience), organisation)
    payload = organisation.asked[1][1]["client_assertion"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == named
    assert claims["exp"] - claims["iat"] == 60


def test_a_class_of_signing_in_is_asked_for_and_an_address_may_have_a_query(tmp_path: Path) -> None:
    organisation = Organisation(clock=Watch())
    organisation.document = {"authorization_endpoint": f"{ISSUER}/authorize?tenant=1"}
    address = made(tmp_path, organisation, acr=["gold", "silver"]).address_for(ATTEMPT)
    assert address.startswith(f"{ISSUER}/authorize?tenant=1&response_type=code&")
    assert "acr_values=gold+silver" in address


def test_an_answer_need_not_say_whose_it_is_where_the_provider_never_does(tmp_path: Path) -> None:
    organisation = Organisation(clock=Watch())
    organisation.document = {"authorization_response_iss_parameter_supported": False}
    provider = made(tmp_path, organisation)
    provider.check_answer(None, "code")
    with pytest.raises(AnswerRefused):
        provider.check_answer("https://evil.example", "code")


def test_a_provider_that_is_away_is_left_alone_for_a_while(tmp_path: Path) -> None:
    watch = Watch()
    organisation = Organisation(clock=watch)
    provider = made(tmp_path, organisation)
    away = organisation.fails
    away.append("openid-configuration")
    for _ in range(5):
        with pytest.raises(OrganisationUnreachable):
            provider.address_for(ATTEMPT)
    assert len(organisation.asked) == 1
    away.clear()
    watch.forward(seconds=10)
    assert signs_in(provider, organisation)


def test_keys_that_are_none_are_a_fault_of_the_provider(tmp_path: Path) -> None:
    organisation = Organisation(clock=Watch())
    keys = tmp_path / "keys.json"
    keys.write_text("[]")
    with pytest.raises(OrganisationUnreachable):
        signs_in(made(tmp_path, organisation, keys=str(keys)), organisation)


def test_nothing_else_is_asked_no_redirection_followed_and_no_answer_waited_for_long() -> None:
    watch = Watch()
    asked: list[str] = []

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                watch.forward(seconds=1)
                yield b" "

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/slow":
            return httpx.Response(200, stream=Dripping())
        if request.url.path == "/gone":
            raise httpx.ConnectError("")
        return httpx.Response(
            302, headers={"location": "https://evil.example/"}, stream=httpx.ByteStream(b"")
        )

    with httpx.Client(transport=httpx.MockTransport(answers)) as client:
        way = Outbound(frozenset({"https://login.trust.example:443"}), client, watch)
        for address in (
            "https://evil.example/",
            "http://login.trust.example/",
            "https://login.trust.example:8/",
        ):
            with pytest.raises(OrganisationUnreachable):
                way.get(address)
        assert asked == []
        for path in ("slow", "gone", "elsewhere"):
            with pytest.raises(OrganisationUnreachable):
                way.get(f"https://login.trust.example/{path}")
        with pytest.raises(OrganisationUnreachable):
            way.post("https://login.trust.example/elsewhere", {})
        assert {address.split("/")[2] for address in asked} == {"login.trust.example"}
        assert len(asked) == 4
