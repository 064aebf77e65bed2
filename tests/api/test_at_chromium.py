"""The pages' own script in a real browser: enrol a passkey, sign in with it, and sign a decision."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.clock import utc_now
from service.organisations.routes import BACK
from service.people.actions import open_enrolment, passkey_held
from tests.api.conftest import At
from tests.api.test_organisation_peer import a_client, started
from tests.api.test_process import SECONDS, environment, free_port, wait_for
from tests.at_organisation import a_registration
from tests.at_work import EVIDENCE, AtWork

pytestmark = [pytest.mark.process, pytest.mark.outside(tool="chromium")]
SCRIPT = Path(__file__).parents[1] / "outside" / "passkey.mjs"


@dataclass
class Chromium:
    """A browser with an authenticator, and what its page shows."""

    process: subprocess.Popen[str]

    def __call__(self, act: str, **what: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"act": act, **what}) + "\n")
        self.process.stdin.flush()
        shown: dict[str, Any] = json.loads(self.process.stdout.readline())
        return shown


@contextmanager
def at_pages(service: AtWork, node_modules: Path, port: int, **more: str) -> Iterator[tuple[Chromium, str]]:
    """Chromium before an api process of its own, at an address that browsers trust (W3C Secure Contexts)."""
    url = f"http://localhost:{port}"
    people_key = str(service.here.settings.people_key)
    told = environment(
        service.here.settings, TRE_PORT=str(port), TRE_ADDRESS=url, TRE_PEOPLE_KEY=people_key, **more
    )
    chromium = shutil.which("chromium")
    assert chromium
    command = ["node", str(SCRIPT), str(node_modules), chromium, url]
    with subprocess.Popen([sys.executable, "-m", "service.api"], env=told, stderr=subprocess.DEVNULL) as api:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as browser:
                try:
                    yield Chromium(browser), url
                    assert browser.stdin is not None
                    browser.stdin.close()
                    browser.wait(SECONDS)
                finally:
                    browser.kill()
        finally:
            api.kill()
            api.wait(SECONDS)


def enrolment(service: AtWork, name: str) -> str:
    with service.worker("operator") as act:
        return f"/enrol/{open_enrolment(act, name, hours=1)}"


def open_with_passkey(service: AtWork, name: str, url: str) -> str:
    """A project whose permit names a person's passkey, up to a release that waits; its id."""
    with service.looking() as session:
        held = passkey_held(session, name, origin=url)
    parties = tuple(
        person.party.model_copy(update={"passkeys": (held,)} if person.id == name else {})
        for person in service.insiders()
    )
    service.tokens.clear()
    service.open_project(permit=3, parties=parties)
    service.make_secret()
    service.finished_run()
    return service.awaiting()


def test_a_checker_enrols_signs_in_and_decides_at_chromium(at: At, node_modules: Path) -> None:
    with at("registered") as service:
        service.clock.now = utc_now()  # that of the process
        with at_pages(service, node_modules, free_port()) as (chromium, url):
            chromium("open", path=enrolment(service, "cheng"))
            assert chromium("press", leads="/sign-in")["at"] == "/sign-in"
            signed_in = chromium("press", leads="/session")
            assert "You are signed in as Cheng (cheng), output checker" in signed_in["text"]
            release_id = open_with_passkey(service, "cheng", url)
            path = f"/releases/{release_id}/decision"
            assert "awaiting" in chromium("open", path=path)["text"]
            fields = {"evidence_sha256": EVIDENCE, "verdict": "approve", "reason": "Within the purpose."}
            other = chromium("press", fields={**fields, "evidence_sha256": "f" * 64}, leads=path)
            assert "Open the evidence with tre-checker" in other["told"]
            chromium("verify", known=False)
            assert chromium("press", fields=fields, leads=path)["told"]  # the authenticator will not
            chromium("verify", known=True)
            chromium("open", path=path)
            done = chromium("press", fields=fields, leads=path)
            assert done["told"] == ""
            assert done["asked"] == [url]
        shown = service.get("cheng", f"/releases/{release_id}").json()
        assert shown["decisions_made"] == 1
        assert not shown["awaits_you"]
        assert [e.actor for e in service.entries() if e.action == "release:decide"] == ["cheng"]


def test_a_person_goes_to_their_organisation_and_comes_back_at_chromium(
    at: At, node_modules: Path, tmp_path: Path
) -> None:
    """Another site leads back: strict cookies and `form-action` are as browsers have them."""
    port = free_port()
    with at("registered") as service:
        service.clock.now = utc_now()
        path = a_registration(tmp_path / "organisation")
        client = a_client(path, f"http://localhost:{port}{BACK}", "ES256")
        with started(node_modules, [client]) as issuer:
            a_registration(tmp_path / "organisation", issuer=issuer)
            httpx.get(f"{issuer}/next", params={"account": "account-1", "amr": "mfa"}, trust_env=False)
            with at_pages(service, node_modules, port, TRE_IDENTITY_PROVIDER=str(path)) as (chromium, url):
                chromium("open", path=enrolment(service, "rosalind"))
                there = "Go to your organisation's sign-in"
                enrolled = chromium("click", label=there, leads=f"{BACK}*")
                assert "Enrolled" in enrolled["text"]
                chromium("open", path="/sign-in")
                signed_in = chromium("click", label=there, leads="/session")
                assert "You are signed in as Rosalind (rosalind), researcher" in signed_in["text"]
                assert chromium("click", label="Sign out", leads="/sign-in")["at"] == "/sign-in"
                assert signed_in["asked"] == [url, issuer]
