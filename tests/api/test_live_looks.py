"""Many looks at a real api process at once: each is entered, each proof serves once, a kill loses none."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import pytest

from service.access.actions import revoke_principal
from service.access.admission import issuer_of
from service.audit.vocabulary import Action
from service.client import Proving
from service.clock import utc_now
from service.signed import SigningKey, thumbprint
from tests.api.test_process import SECONDS, environment, free_port, wait_for
from tests.at_work import AtWork
from tests.factories import PROJECT

pytestmark = pytest.mark.process
READERS, EACH = 8, 25
THERE, FORBIDDEN = f"/projects/{PROJECT}", "/projects/elsewhere"


@contextmanager
def running(service: AtWork) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    told = environment(service.here.settings, TRE_PORT=str(port))
    command = [sys.executable, "-m", "service.api"]
    with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait(SECONDS)


def proving(service: AtWork, name: str) -> Proving:
    own, role = SigningKey.generate(), service.people[name].role
    token = issuer_of(service.here).issue(
        name, role, clock=utc_now, random=secrets.token_bytes, bound_to=thumbprint(own.public)
    )
    return Proving(own, token, clock=utc_now, random=secrets.token_bytes)


def looks(service: AtWork, actor: str) -> Counter[Action]:
    acts = Counter(entry.action for entry in service.entries() if entry.actor == actor)
    return acts - Counter({Action.PERMIT_WARN: 1})  # what is about to end is entered by who looks first


def statuses(url: str, auth: Proving, paths: list[str]) -> Counter[int]:
    with httpx.Client(base_url=url, auth=auth, trust_env=False, timeout=SECONDS) as client:
        return Counter(client.get(path).status_code for path in paths)


def test_each_look_of_many_readers_has_exactly_one_entry(project: AtWork) -> None:
    auth = proving(project, "rosalind")
    paths = [THERE, FORBIDDEN, THERE, "/releases", THERE] * (EACH // 5)
    with running(project) as (url, _), ThreadPoolExecutor(READERS) as readers:
        answered = sum(readers.map(lambda _: statuses(url, auth, paths), range(READERS)), Counter[int]())
    assert answered == {200: READERS * EACH * 4 // 5, 404: READERS * EACH // 5}
    assert looks(project, "rosalind") == {
        Action.PROJECT_READ: READERS * EACH * 3 // 5,
        Action.RELEASE_READ: READERS * EACH // 5,
        Action.REQUEST_REFUSE: READERS * EACH // 5,
    }


def test_one_proof_shown_by_many_at_once_serves_once(project: AtWork) -> None:
    auth = proving(project, "rosalind")
    with running(project) as (url, _), ThreadPoolExecutor(READERS) as readers:
        for _ in range(5):
            headers = dict(next(auth.auth_flow(httpx.Request("GET", url + THERE))).headers)

            def ask(_: int, headers: dict[str, str] = headers) -> int:
                return httpx.get(url + THERE, headers=headers, trust_env=False).status_code

            assert Counter(readers.map(ask, range(READERS))) == {200: 1, 401: READERS - 1}
    assert looks(project, "rosalind") == {Action.PROJECT_READ: 5}


def test_who_is_revoked_while_many_look_is_refused_at_once(project: AtWork) -> None:
    auth, other = proving(project, "rosalind"), proving(project, "oliver")
    with running(project) as (url, _), ThreadPoolExecutor(READERS) as readers:
        busy = [readers.submit(statuses, url, other, [THERE] * EACH) for _ in range(READERS - 1)]
        assert statuses(url, auth, [THERE]) == {200: 1}
        with project.worker("operator") as act:
            revoke_principal(act, "rosalind")
        assert statuses(url, auth, [THERE] * 3) == {401: 3}
        assert sum((one.result() for one in busy), Counter[int]()) == {200: (READERS - 1) * EACH}


def test_an_api_killed_while_many_look_has_entered_what_it_answered(project: AtWork) -> None:
    auth, answered = proving(project, "rosalind"), Counter[int]()

    def look(_: int) -> None:
        with httpx.Client(base_url=url, auth=auth, trust_env=False) as client, suppress(httpx.TransportError):
            while True:
                answered[client.get(THERE).status_code] += 1
                if answered[200] == READERS * EACH:
                    process.send_signal(signal.SIGKILL)

    with running(project) as (url, process), ThreadPoolExecutor(READERS) as readers:
        list(readers.map(look, range(READERS)))
    assert set(answered) == {200}
    entered = looks(project, "rosalind")[Action.PROJECT_READ]
    assert answered[200] <= entered <= answered[200] + READERS
