"""People sign in with their organisation: who comes back is who was sent, and is known by account alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.access.actions import revoke_principal
from service.access.sessions import COOKIE as SESSION
from service.openid.id_token import identifier
from service.organisations.actions import bind
from service.organisations.routes import COOKIE
from service.people.records import method_of
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from tests.at_browser import Browser, link_for, problem, signed_in
from tests.at_organisation import ISSUER, Organisation, Traveller, a_key, with_organisation
from tests.at_work import AtWork

pytestmark = pytest.mark.both_databases


@pytest.fixture
def organisation(service: AtWork, tmp_path: Path) -> Organisation:
    return with_organisation(service, tmp_path)


def bound(service: AtWork, organisation: Organisation, name: str = "rosalind") -> None:
    with service.worker("operator") as act:
        bind(act, name, identifier(ISSUER, organisation.subject))


def test_a_person_enrols_with_an_account_signs_in_with_it_and_out(
    service: AtWork, organisation: Organisation
) -> None:
    link = link_for(service)
    assert f"/enrol/{link}/provider" in service.client.get(f"/enrol/{link}").text
    enrolling = Traveller(service)
    done = enrolling.returns(organisation.signs_in(enrolling.sets_out(f"/enrol/{link}/provider")))
    assert "This link serves no more" in done.text
    assert SESSION not in enrolling.kept
    assert "/sign-in/provider" in service.client.get("/sign-in").text
    browser = Traveller(service)
    back = browser.returns(organisation.signs_in(browser.sets_out()))
    assert back.status_code == 200, back.text
    assert 'content="0; url=/session"' in back.text
    assert browser.send("GET", "/session").json()["principal_id"] == "rosalind"
    assert browser.send("POST", "/sign-out").status_code == 303
    assert browser.send("GET", "/session").status_code == 401
    told = [(entry.action, entry.detail.get("kind")) for entry in service.entries()]
    assert ("enrolment:finish", "provider") in told
    assert ("sign-in:accept", "provider") in told
    with service.looking() as session:
        method = method_of(session, "rosalind")
    assert method is not None
    assert organisation.subject not in method.identifier


def test_what_the_browser_keeps_meanwhile_is_short_and_for_us_alone(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    cookie = browser.send("POST", "/sign-in/provider").headers["set-cookie"]
    assert cookie.startswith("__Host-tre-organisation=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=300"} <= set(cookie.split("; "))
    address = browser.sets_out()
    assert browser.kept[COOKIE] not in address
    back = browser.returns(organisation.signs_in(address))
    ended, begun = back.headers.get_list("set-cookie")[::-1]
    assert "Max-Age=0" in ended
    assert "SameSite=strict" in begun


def test_our_own_key_says_who_redeems_the_code(service: AtWork, organisation: Organisation) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    browser.returns(organisation.signs_in(browser.sets_out()))
    path, form, _ = organisation.asked[1]
    assert path.endswith("/token")
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert form["client_assertion"].count(".") == 2
    assert "client_secret" not in form


def test_nobody_is_known_by_an_account_that_is_not_enrolled(
    service: AtWork, organisation: Organisation
) -> None:
    organisation.claims = {"email": "rosalind@trust.example", "preferred_username": "rosalind"}
    browser = Traveller(service)
    assert problem(browser.returns(organisation.signs_in(browser.sets_out()))) == (401, "person-not-bound")
    bound(service, organisation)
    with service.worker("operator") as act:
        revoke_principal(act, "rosalind")
    assert problem(browser.returns(organisation.signs_in(browser.sets_out()))) == (401, "person-not-bound")
    assert SESSION not in browser.kept


def test_another_browser_another_state_and_a_second_return_are_refused(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    browser, victim = Traveller(service), Traveller(service)
    brought = organisation.signs_in(browser.sets_out())
    victim.sets_out()
    refused = (401, "sign-in-refused")
    for state in ("", "x", "é", "A" * 60, organisation.signs_in(victim.sets_out())["state"]):
        assert problem(browser.returns({**brought, "state": state})) == refused
    assert problem(victim.returns(brought)) == refused
    assert problem(Traveller(service).returns(brought)) == refused
    assert problem(Traveller(service, {COOKIE: f"{browser.kept[COOKIE]}.link"}).returns(brought)) == refused
    assert SESSION not in victim.kept
    assert browser.returns(brought).status_code == 200
    assert problem(browser.returns(brought)) == refused
    late = organisation.signs_in(browser.sets_out())
    service.clock.forward(minutes=5)
    assert problem(browser.returns(late)) == refused


def test_a_code_that_was_redeemed_already_is_refused(service: AtWork, organisation: Organisation) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    first = organisation.signs_in(browser.sets_out())
    assert browser.returns(first).status_code == 200
    second = organisation.signs_in(browser.sets_out())
    again = browser.returns({**second, "code": first["code"]})
    assert problem(again) == (401, "sign-in-refused")


def test_an_answer_of_another_provider_or_of_none_is_refused(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    for fault in ({"iss": "https://evil.example"}, {"iss": ""}, {"code": ""}):
        brought = {**organisation.signs_in(browser.sets_out()), **fault}
        assert problem(browser.returns(brought)) == (401, "sign-in-refused")
    silent = organisation.signs_in(browser.sets_out())
    del silent["iss"]
    assert problem(browser.returns(silent)) == (401, "sign-in-refused")
    denied = organisation.signs_in(browser.sets_out())
    del denied["code"]
    assert problem(browser.returns({**denied, "error": "access_denied"})) == (401, "sign-in-refused")


def test_an_id_token_of_another_sign_in_or_without_a_second_factor_is_refused(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    for claims, slug in (({"nonce": "x"}, "sign-in-refused"), ({"amr": ["pwd"]}, "second-factor-missing")):
        organisation.claims = dict(claims)
        assert problem(browser.returns(organisation.signs_in(browser.sets_out()))) == (401, slug)
    assert SESSION not in browser.kept


def test_a_provider_that_is_ill_is_named_and_nothing_is_done(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    before = len(service.entries())
    browser = Traveller(service)
    for status, body, expected in (
        (500, b"", (503, "organisation-unreachable")),
        (302, b"", (503, "organisation-unreachable")),
        (400, b"{}", (401, "sign-in-refused")),
        (200, b"{}", (401, "sign-in-refused")),
        (200, b"no json", (401, "sign-in-refused")),
        (200, b'{"id_token": "a.b.c"}', (401, "sign-in-refused")),
        (200, b"x" * (1 << 19), (503, "organisation-unreachable")),
    ):
        organisation.status, organisation.body = status, body
        answer = browser.returns(organisation.signs_in(browser.sets_out()))
        assert problem(answer) == expected
    assert len(service.entries()) == before


def test_a_new_key_of_the_provider_is_fetched_when_a_token_names_it(
    service: AtWork, organisation: Organisation
) -> None:
    bound(service, organisation)
    browser = Traveller(service)
    assert browser.returns(organisation.signs_in(browser.sets_out())).status_code == 200
    organisation.key, organisation.kid = a_key(), "second"
    assert browser.returns(organisation.signs_in(browser.sets_out())).status_code == 401  # fetched just now
    service.clock.forward(minutes=1)
    assert browser.returns(organisation.signs_in(browser.sets_out())).status_code == 200


def test_a_link_that_is_used_up_meanwhile_enrols_nobody(service: AtWork, organisation: Organisation) -> None:
    link = link_for(service)
    browser = Traveller(service)
    brought = organisation.signs_in(browser.sets_out(f"/enrol/{link}/provider"))
    link_for(service)
    assert problem(browser.returns(brought)) == (401, "enrolment-refused")
    assert problem(browser.send("POST", f"/enrol/{link}/provider")) == (401, "enrolment-refused")


def test_anothers_account_enrols_nobody(service: AtWork, organisation: Organisation) -> None:
    bound(service, organisation)
    link = link_for(service, "cheng")
    browser = Traveller(service)
    brought = organisation.signs_in(browser.sets_out(f"/enrol/{link}/provider"))
    assert problem(browser.returns(brought)) == (401, "enrolment-refused")
    with service.worker("operator") as act, pytest.raises(AlreadyRegistered):
        bind(act, "cheng", identifier(ISSUER, organisation.subject))
    with service.worker("operator") as act, pytest.raises(NotFound):
        bind(act, "nobody-known", "account")


def test_binding_an_account_ends_what_was_before_and_is_entered(
    service: AtWork, organisation: Organisation
) -> None:
    browser = signed_in(service)
    bound(service, organisation)
    assert browser.reads() == 401
    last = service.entries()[-1]
    assert (last.action, last.subject, last.detail["kind"]) == ("enrolment:finish", "rosalind", "provider")


def test_other_sites_send_nobody_on_their_way(service: AtWork, organisation: Organisation) -> None:
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert Traveller(service).send("POST", "/sign-in/provider", foreign).status_code == 403


def test_without_a_provider_there_is_no_such_way(service: AtWork) -> None:
    link = link_for(service)
    assert "/provider" not in service.client.get("/sign-in").text
    assert "/provider" not in service.client.get(f"/enrol/{link}").text
    for method, path in (
        ("POST", "/sign-in/provider"),
        ("GET", "/sign-in/provider/answer"),
        ("POST", f"/enrol/{link}/provider"),
    ):
        assert Browser(service).send(method, path).status_code == 404


def test_attempts_from_one_address_are_limited(service: AtWork, organisation: Organisation) -> None:
    browser = Traveller(service)
    answers = [problem(browser.returns({"state": "x"})) for _ in range(31)]
    assert answers[-1] == (429, "too-many-attempts")
    assert organisation.asked == []
