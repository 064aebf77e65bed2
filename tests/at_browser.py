"""People at browsers, for tests: links to enrol, an app, passkeys, and what a browser keeps and sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from httpx2 import Response

from service.access.sessions import COOKIE
from service.people.actions import open_enrolment, totp_secret
from service.people.rules import code_at, link_digest
from tests.at_work import AtWork
from tests.authenticator import Authenticator

ORIGIN, HOST = "http://testserver", "testserver"
OURS = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """A browser of a person: it sends what it keeps to our pages, and its origin as browsers do."""

    service: AtWork
    cookie: str | None = None

    def send(self, method: str, path: str, headers: Mapping[str, str] = OURS, **more: Any) -> Response:
        kept = {"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        self.service.client.cookies.clear()
        answer = self.service.client.request(
            method, path, headers={**headers, **kept}, follow_redirects=False, **more
        )
        self.cookie = answer.cookies.get(COOKIE, self.cookie)
        return answer

    def get(self, path: str) -> Response:
        return self.send("GET", path)

    def reads(self) -> int:
        return self.get("/releases").status_code


def link_for(service: AtWork, name: str = "rosalind", hours: int = 24) -> str:
    with service.worker("operator") as act:
        return open_enrolment(act, name, hours=hours)


def code(service: AtWork, link: str, apart: int = 0) -> str:
    assert service.here.people_key is not None
    secret = totp_secret(service.here.people_key, link_digest(link))
    return code_at(secret, int(service.clock().timestamp()) // 30 + apart)


def enrolled(service: AtWork, name: str = "rosalind") -> str:
    """The link with which somebody enrolled an authenticator app, half a minute ago."""
    link = link_for(service, name)
    answer = Browser(service).send("POST", f"/enrol/{link}/authenticator", data={"code": code(service, link)})
    assert answer.status_code == 200, answer.text
    service.clock.forward(seconds=30)
    return link


def signed_in(service: AtWork, name: str = "rosalind") -> Browser:
    browser = Browser(service)
    said = {"name": name, "code": code(service, enrolled(service, name))}
    assert browser.send("POST", "/sign-in", data=said).status_code == 303
    return browser


def problem(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def authenticator(name: bytes = b"first", **changes: Any) -> Authenticator:
    return Authenticator(**{"origin": ORIGIN, "host": HOST, "credential_id": name * 4, **changes})


def enrols(service: AtWork, link: str, key: Authenticator) -> Response:
    browser = Browser(service)
    options = browser.send("POST", f"/enrol/{link}/passkey/options", json={}).json()
    return browser.send("POST", f"/enrol/{link}/passkey", json=key.made(options))


def passkey_of(service: AtWork, name: str = "rosalind", key: Authenticator | None = None) -> Authenticator:
    made = key or authenticator(name.encode())
    assert enrols(service, link_for(service, name), made).json() == {"next": "/sign-in"}
    return made


def uses(service: AtWork, key: Authenticator, browser: Browser | None = None, **changes: str) -> Response:
    browser = browser or Browser(service)
    options = browser.send("POST", "/sign-in/passkey/options", json={}).json()
    return browser.send("POST", "/sign-in/passkey", json=key.used(options, **changes))
