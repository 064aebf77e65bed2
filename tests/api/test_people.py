"""People enrol by a link that serves once and sign in by browser, which lets them read and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.access.actions import revoke_principal
from service.access.records import BrowserSession
from service.people.routes import BY_NAME
from service.people.rules import MOST_WRONG
from service.problems.requests import NotFound
from tests.at_browser import ORIGIN, OURS, Browser, code, enrolled, link_for, problem, signed_in
from tests.at_work import AtWork
from tests.factories import PROJECT

pytestmark = pytest.mark.both_databases
FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    {"origin": "https://testserver", "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
]

# --- with an authenticator app


def test_a_person_enrols_signs_in_reads_and_signs_out(service: AtWork) -> None:
    link = link_for(service)
    shown = service.client.get(f"/enrol/{link}")
    assert "You are Rosalind, researcher." in shown.text
    assert "otpauth://totp/" in shown.text
    enrolled(service)
    browser = signed_in(service)
    assert browser.reads() == 200
    assert browser.get("/session").json()["principal_id"] == "rosalind"
    page = browser.send("GET", "/session", {**OURS, "accept": "text/html"})
    assert "You are signed in as Rosalind (rosalind), researcher" in page.text
    out = browser.send("POST", "/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert browser.reads() == 401
    assert browser.send("POST", "/sign-out").status_code == 303
    acts = [entry.action for entry in service.entries()]
    for act in ("enrolment:open", "enrolment:finish", "sign-in:accept", "session:read", "session:end"):
        assert act in acts


def test_the_cookie_is_for_our_pages_alone_and_kept_as_a_digest(service: AtWork) -> None:
    link = enrolled(service)
    answer = Browser(service).send("POST", "/sign-in", data={"name": "rosalind", "code": code(service, link)})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tre-session=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    secret = cookie.split("=", 1)[1].split(";")[0]
    with service.looking() as session:
        rows = [[str(v) for v in row] for row in session.execute(BrowserSession.__table__.select())]
    assert rows
    assert secret not in str(rows)
    assert link not in str(rows)


@pytest.mark.parametrize(
    "said",
    [
        {"name": "rosalind", "code": "000000"},
        {"name": "nobody-known", "code": "123456"},
        {"name": "oliver", "code": "123456"},
    ],
)
def test_a_wrong_code_a_wrong_name_and_nobody_enrolled_are_told_alike(
    service: AtWork, said: dict[str, str]
) -> None:
    enrolled(service)
    answer = Browser(service).send("POST", "/sign-in", data=said)
    assert problem(answer) == (401, "sign-in-refused")
    assert "set-cookie" not in answer.headers
    assert said["name"] not in answer.text


def test_a_clock_two_minutes_off_is_refused_and_said_in_the_remedy(service: AtWork) -> None:
    link = enrolled(service)
    for apart in (-4, 4):
        said = {"name": "rosalind", "code": code(service, link, apart)}
        answer = Browser(service).send("POST", "/sign-in", data=said)
        assert problem(answer) == (401, "sign-in-refused")
        assert "clock" in answer.json()["remedy"]


def test_a_code_serves_once(service: AtWork) -> None:
    link = enrolled(service)
    said = {"name": "rosalind", "code": code(service, link)}
    assert Browser(service).send("POST", "/sign-in", data=said).status_code == 303
    assert problem(Browser(service).send("POST", "/sign-in", data=said)) == (401, "sign-in-refused")


def test_attempts_by_a_name_are_limited_and_entered_together(service: AtWork) -> None:
    link = enrolled(service)
    browser = Browser(service)
    before = len(service.entries())
    wrong = [
        browser.send("POST", "/sign-in", data={"name": "rosalind", "code": "000000"}) for _ in range(BY_NAME)
    ]
    assert {answer.status_code for answer in wrong} == {401}
    right = {"name": "rosalind", "code": code(service, link)}
    held = browser.send("POST", "/sign-in", data=right)
    assert problem(held) == (429, "too-many-attempts")
    assert held.headers["retry-after"] == "900"
    assert len(service.entries()) == before
    service.clock.forward(minutes=15)
    right = {"name": "rosalind", "code": code(service, link)}
    assert browser.send("POST", "/sign-in", data=right).status_code == 303


def test_after_a_hundred_wrong_codes_only_a_new_enrolment_helps(service: AtWork) -> None:
    link = enrolled(service)
    browser = Browser(service)
    for _ in range(MOST_WRONG // BY_NAME):
        for _ in range(BY_NAME):
            browser.send("POST", "/sign-in", data={"name": "rosalind", "code": "000000"})
        service.clock.forward(minutes=15)
    right = {"name": "rosalind", "code": code(service, link)}
    assert browser.send("POST", "/sign-in", data=right).status_code == 401
    assert signed_in(service).reads() == 200


# --- links


def test_a_link_serves_once_looking_at_it_uses_nothing_up(service: AtWork) -> None:
    link = link_for(service)
    for _ in range(2):
        assert service.client.get(f"/enrol/{link}").status_code == 200
    browser = Browser(service)
    for said, status in (("000000", 401), (code(service, link), 200), (code(service, link, 1), 401)):
        answer = browser.send("POST", f"/enrol/{link}/authenticator", data={"code": said})
        assert answer.status_code == status
    assert problem(answer) == (401, "enrolment-refused")
    assert problem(service.client.get(f"/enrol/{link}")) == (401, "enrolment-refused")


def test_a_link_that_is_over_replaced_unknown_or_of_somebody_revoked_is_refused(service: AtWork) -> None:
    over = link_for(service, "rachel", hours=1)
    service.clock.forward(hours=1)
    replaced = link_for(service)
    link_for(service)
    revoked = link_for(service, "cheng")
    with service.worker("operator") as act:
        revoke_principal(act, "cheng")
    for link in (over, replaced, revoked, "x" * 43):
        assert problem(service.client.get(f"/enrol/{link}")) == (401, "enrolment-refused")
        said = {"code": code(service, link)}
        answer = Browser(service).send("POST", f"/enrol/{link}/authenticator", data=said)
        assert problem(answer) == (401, "enrolment-refused")
    for name in ("cheng", "nobody-known"):
        with pytest.raises(NotFound):
            link_for(service, name)


def test_a_new_enrolment_ends_what_was_before(service: AtWork) -> None:
    first = enrolled(service)
    browser = Browser(service)
    said = {"name": "rosalind", "code": code(service, first)}
    assert browser.send("POST", "/sign-in", data=said).status_code == 303
    second = enrolled(service)
    assert browser.reads() == 401
    for link, status in ((first, 401), (second, 303)):
        said = {"name": "rosalind", "code": code(service, link)}
        assert browser.send("POST", "/sign-in", data=said).status_code == status


# --- sessions


def test_a_session_ends_when_it_is_idle_and_in_any_case(service: AtWork) -> None:
    idle, busy = signed_in(service, "rosalind"), signed_in(service, "rachel")
    service.clock.forward(minutes=29)
    assert (idle.reads(), busy.reads()) == (200, 200)
    service.clock.forward(minutes=29)
    assert busy.reads() == 200
    service.clock.forward(minutes=2)
    assert idle.reads() == 401
    for _ in range(15):
        service.clock.forward(minutes=29)
        last = busy.reads()
    assert last == 401


def test_a_session_that_ends_while_a_request_is_answered_is_not_begun_anew(service: AtWork) -> None:
    browser = signed_in(service)
    service.clock.forward(minutes=2)  # so that the request is noted in the session

    def signed_out(_session: Session, _transaction: object, connection: sa.Connection) -> None:
        connection.execute(sa.delete(BrowserSession))

    sa.event.listen(service.here.view_sessions, "after_begin", signed_out)
    try:
        assert browser.reads() == 200
    finally:
        sa.event.remove(service.here.view_sessions, "after_begin", signed_out)
    assert browser.reads() == 401


def test_a_person_who_is_revoked_is_out_at_the_next_request(service: AtWork) -> None:
    browser = signed_in(service)
    assert browser.reads() == 200
    with service.worker("operator") as act:
        revoke_principal(act, "rosalind")
    assert browser.reads() == 401


def test_another_cookie_signs_nobody_in(service: AtWork) -> None:
    browser = signed_in(service)
    assert browser.cookie
    for cookie in ("", "x", browser.cookie[:-1], browser.cookie + "x", "A" * 43):
        assert Browser(service, cookie or "x").reads() == 401


def test_who_is_signed_in_by_browser_reads_and_changes_nothing(project: AtWork) -> None:
    browser = signed_in(project)
    assert browser.get(f"/projects/{PROJECT}").status_code == 200
    body = {"question": project.question()}
    answer = browser.send("POST", f"/projects/{PROJECT}/queries", json=body)
    assert problem(answer) == (403, "key-needed")
    assert project.entries()[-1].detail["code"] == "key-needed"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_other_sites_have_a_browser_send_is_refused(service: AtWork, headers: dict[str, str]) -> None:
    link = enrolled(service)
    browser = Browser(service)
    said = {"name": "rosalind", "code": code(service, link)}
    for path, data in (("/sign-in", said), (f"/enrol/{link}/authenticator", said), ("/sign-out", None)):
        assert problem(browser.send("POST", path, headers, data=data)) == (403, "cross-site-request")
    for path in ("/sign-in/passkey", "/sign-in/passkey/options", f"/enrol/{link}/passkey"):
        assert problem(browser.send("POST", path, headers, json={})) == (403, "cross-site-request")


def test_another_site_reads_nothing_with_a_persons_cookie(service: AtWork) -> None:
    browser = signed_in(service)
    for site, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)):
        assert browser.send("GET", "/releases", {"sec-fetch-site": site}).status_code == status


# --- pages


def test_pages_run_our_script_alone_and_refusals_are_pages_for_browsers(service: AtWork) -> None:
    page = service.client.get("/sign-in")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.text.count("<label for=") == 2
    script = service.client.get("/sign-in/passkey.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "innerHTML" not in script.text
    said = {"name": "<i>x</i>", "code": "000000"}
    refused = Browser(service).send("POST", "/sign-in", {**OURS, "accept": "text/html"}, data=said)
    assert (refused.status_code, refused.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "<h1>Sign-in refused</h1>" in refused.text


def test_a_form_of_another_shape_is_refused_without_being_repeated(service: AtWork) -> None:
    for said in ({}, {"name": "rosalind"}, {"name": "rosalind", "code": "12345a"}):
        answer = Browser(service).send("POST", "/sign-in", data=said)
        assert answer.status_code in {400, 422}
        assert "12345a" not in answer.text


def test_an_installation_without_the_key_has_no_sign_in_by_browser(service: AtWork) -> None:
    link = link_for(service)
    service.app.state.surroundings = replace(service.here, people_key=None)
    for method, path in (
        ("GET", "/sign-in"),
        ("GET", f"/enrol/{link}"),
        ("POST", "/sign-in/passkey/options"),
    ):
        assert problem(Browser(service).send(method, path)) == (404, "not-found")
