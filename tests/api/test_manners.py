"""HTTP manners: problems that repeat nothing, headers, limits, and no answer before the commit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from service.api import described_app
from service.web.answers import HEADERS
from service.web.body import BODY_LIMIT_BYTES
from tests.at_work import AtWork
from tests.factories import PROJECT

SECRET = "943 476 5919 secret"


@pytest.mark.parametrize("path", ["/health", "/problems", "/nowhere", "/releases", "/openapi.json"])
def test_every_answer_has_the_security_headers(service: AtWork, path: str) -> None:
    answer = service.client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


def test_an_unknown_address_is_a_problem(service: AtWork) -> None:
    answer = service.client.get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_another_method_is_a_problem(service: AtWork) -> None:
    answer = service.client.delete("/projects")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [{"permit": 5}, {"permit": ""}, {}, {SECRET: 1, "permit": "a.b.c"}, [SECRET], SECRET, None],
)
def test_an_invalid_body_is_told_by_pointer_and_code_only(service: AtWork, body: object) -> None:
    answer = service.client.post("/projects", json=body, headers=service.bearer("oliver"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-invalid")
    assert all(set(fault) == {"pointer", "code"} for fault in answer.json()["faults"])
    assert SECRET not in answer.text
    assert "943" not in answer.text


def test_broken_json_is_unreadable(service: AtWork) -> None:
    headers = {**service.bearer("oliver"), "content-type": "application/json"}
    answer = service.client.post("/projects", content=b'{"permit": "943', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-unreadable")
    assert "943" not in answer.text


def test_a_body_that_is_not_unicode_is_unreadable(service: AtWork) -> None:
    headers = {**service.bearer("oliver"), "content-type": "application/json"}
    assert service.client.post("/projects", content=b'{"\xff": 1}', headers=headers).status_code == 400


def test_a_body_over_the_limit_is_refused_and_entered(service: AtWork) -> None:
    body = {"permit": "x" * BODY_LIMIT_BYTES}
    answer = service.post("oliver", "/projects", body)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, BODY_LIMIT_BYTES)
    assert service.entries()[-1].detail == {"code": "request-too-large", "status": 413}


def test_a_body_over_the_limit_is_refused_without_its_length(service: AtWork) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * (BODY_LIMIT_BYTES // 10)

    headers = {**service.bearer("oliver"), "content-type": "application/json"}
    assert service.client.post("/projects", content=pieces(), headers=headers).status_code == 413


def test_nothing_of_a_body_is_read_before_it_is_known_who_asks(service: AtWork) -> None:
    answer = service.client.post("/projects", json={"permit": "x" * BODY_LIMIT_BYTES})
    assert answer.status_code == 401


def test_a_failing_commit_is_never_answered_with_success(project: AtWork) -> None:
    def fail(_: Session) -> None:
        message = f"disk {SECRET}"
        raise RuntimeError(message)

    project.token("oliver")
    event.listen(project.here.view_sessions, "before_commit", fail)
    answer = project.get("oliver", f"/projects/{PROJECT}")
    event.remove(project.here.view_sessions, "before_commit", fail)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected-fault")
    assert "943" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


@pytest.mark.parametrize(
    ("fault", "status", "slug"),
    [
        (OperationalError("SELECT", {}, Exception(SECRET)), 503, "not-ready"),
        (IntegrityError("INSERT", {}, Exception(SECRET)), 409, "changed-meanwhile"),
    ],
)
def test_a_fault_of_the_database_is_a_problem(
    project: AtWork, fault: Exception, status: int, slug: str
) -> None:
    once = [fault]

    def fail(_: Session) -> None:
        if once:
            raise once.pop()

    project.token("oliver")
    event.listen(project.here.view_sessions, "before_commit", fail)
    answer = project.get("oliver", f"/projects/{PROJECT}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert "943" not in answer.text


def test_not_ready_says_when_to_come_back(service: AtWork) -> None:
    answer = service.client.get("/log/checkpoint")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_faults_are_logged_by_type_only(project: AtWork, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: Session) -> None:
        raise RuntimeError(SECRET)

    project.token("oliver")
    event.listen(project.here.view_sessions, "before_commit", fail)
    project.get("oliver", f"/projects/{PROJECT}")
    event.remove(project.here.view_sessions, "before_commit", fail)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["fault"] for line in lines if line["event"] == "request_failed"] in ([], ["RuntimeError"])


def test_no_variable_of_the_environment_has_requests_sent_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with TestClient(described_app()) as client:
        assert client.get("/problems").status_code == 200
    assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
