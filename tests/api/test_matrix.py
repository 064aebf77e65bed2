"""Who may do what: every route and everybody, against a table written by hand (threats T4, T20, T24)."""

from __future__ import annotations

import base64
import csv
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from httpx2 import Response

from linkage_engine.contract.permit import Role
from service.access.admission import SignedInRoute
from service.access.permissions import PERMISSIONS, Permission
from service.api import PROTECTED, PUBLIC, described_app
from service.linkage_runs.records import LinkageRun
from service.signed import TextType, sign
from service.submissions.records import Submission
from tests.at_work import EVIDENCE, AtWork
from tests.factories import (
    OUTSIDERS,
    PROJECT,
    ROLES_OF,
    a_decision,
    a_delivery_withdrawal,
    a_question,
    a_withdrawal,
)

TABLE = Path(__file__).with_name("matrix.csv")
NOBODY = "nobody"
PUBLIC_ROUTES = {
    ("POST", "/token"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/passkey.js"),
    ("POST", "/sign-in/passkey/options"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-out"),
    ("GET", "/enrol/{link}"),
    ("POST", "/enrol/{link}/authenticator"),
    ("POST", "/enrol/{link}/passkey/options"),
    ("POST", "/enrol/{link}/passkey"),
    ("POST", "/sign-in/provider"),
    ("GET", "/sign-in/provider/answer"),
    ("POST", "/enrol/{link}/provider"),
    ("GET", "/health"),
    ("GET", "/problems"),
    ("GET", "/problems/{slug}"),
    ("GET", "/schemas/disclosure-record"),
    ("GET", "/log/checkpoint"),
    ("OPTIONS", "/projects/{project_id}/uploads"),
}
BODIES: Mapping[str, dict[str, Any]] = {
    "/projects": {"permit": "a.b.c"},
    "/projects/{project_id}/amendments": {"permit": "a.b.c"},
    "/releases/{release_id}/vetoes": {"veto": "a.b.c"},
    "/projects/{project_id}/tightenings": {"tightening": "a.b.c"},
    "/projects/{project_id}/linkage-secret": {"statement": "a.b.c", "envelopes": {}},
    "/projects/{project_id}/withdrawals": {"statement": "a.b.c", "sealed": "AAAA"},
    "/submissions/{submission_id}/withdrawal": {"statement": "a.b.c"},
    "/projects/{project_id}/submissions": {"upload_id": ""},
    "/projects/{project_id}/queries": {"question": "a.b.c"},
    "/projects/{project_id}/preflights": {"question": "a.b.c"},
    "/releases/{release_id}/decisions": {"decision": "a.b.c"},
    "/releases/{release_id}/decision/options": {
        "verdict": "approve",
        "reason": "seen",
        "evidence_sha256": EVIDENCE,
    },
    "/releases/{release_id}/decision": {
        "decision": a_decision("cheng", "ab" * 16, EVIDENCE).model_dump(mode="json"),
        "answer": {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"},
        },
    },
}
OF_UPLOADS = {
    "tus-resumable": "1.0.0",
    "upload-length": "10",
    "upload-offset": "0",
    "content-type": "application/offset+octet-stream",
}


def expected() -> dict[tuple[str, str], dict[str, int]]:
    with TABLE.open(newline="") as file:
        return {
            (row.pop("method"), row.pop("path")): {who: int(status) for who, status in row.items()}
            for row in csv.DictReader(file)
        }


def routes() -> set[tuple[str, str]]:
    paths = described_app().openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def request(service: AtWork, who: str, method: str, path: str, ids: Mapping[str, str]) -> Response:
    address = path.format(**ids)
    headers = {} if who == NOBODY else service.bearer(who)
    if "/uploads" in path:
        headers |= OF_UPLOADS
        return service.client.request(
            method, address, headers=headers, content=b"x" if method == "PATCH" else b""
        )
    body = dict(BODIES.get(path, {}))
    if "upload_id" in body:
        body["upload_id"] = ids["upload_id"]
    return service.client.request(method, address, json=body or None, headers=headers)


def a_preflight(service: AtWork) -> str:
    asker = service.people["rosalind"]
    text = sign(a_question(asker, random=service.random), asker.key, TextType.PREFLIGHT)
    answer = service.post("rosalind", f"/projects/{PROJECT}/preflights", {"question": text})
    assert answer.status_code == 202, answer.text
    preflight_id: str = answer.json()["preflight_id"]
    return preflight_id


def a_withdrawal_of(service: AtWork, name: str) -> str:
    sealed = service.random(400)
    text = sign(a_withdrawal(name, sealed), service.people[name].key, TextType.WITHDRAWAL)
    body = {"statement": text, "sealed": base64.b64encode(sealed).decode()}
    answer = service.post(name, f"/projects/{PROJECT}/withdrawals", body)
    assert answer.status_code == 201, answer.text
    withdrawal_id: str = answer.json()["withdrawal_id"]
    return withdrawal_id


def a_destruction_of(service: AtWork, name: str, submission_id: str) -> str:
    delivery_id = service.get(name, f"/submissions/{submission_id}").json()["delivery_id"]
    statement = a_delivery_withdrawal(name, delivery_id)
    text = sign(statement, service.people[name].key, TextType.DELIVERY_WITHDRAWAL)
    answer = service.post(name, f"/submissions/{submission_id}/withdrawal", {"statement": text})
    assert answer.status_code == 201, answer.text
    destruction_id: str = answer.json()["destruction_id"]
    return destruction_id


def ids_of(service: AtWork) -> dict[str, str]:
    release_id = service.release_id()
    folder = service.here.settings.spool / "evidence" / release_id
    folder.mkdir(exist_ok=True)
    (folder / "cheng.age").write_bytes(b"sealed")
    with service.looking() as session:
        of_north = sa.select(Submission.id).where(Submission.provider_id == "northern-trust")
        submission_id = session.scalars(of_north).one()
        run_id = session.scalars(sa.select(LinkageRun.id)).one()
    return {
        "project_id": PROJECT,
        "upload_id": service.begin("northern-trust", 10).headers["location"].rpartition("/")[2],
        "submission_id": submission_id,
        "run_id": run_id,
        "withdrawal_id": a_withdrawal_of(service, "northern-trust"),
        # Another one, or there would be nothing left to link.
        "destruction_id": a_destruction_of(
            service, "northern-trust", service.receive("northern-trust", counter=9)
        ),
        "query_id": release_id,
        "preflight_id": a_preflight(service),
        "release_id": release_id,
    }


def test_the_table_names_every_protected_route_and_everybody_once() -> None:
    assert set(expected()) == routes() - PUBLIC_ROUTES
    assert routes() >= PUBLIC_ROUTES
    insiders_seen = {"northern-trust", "southern-trust", "rosalind", "rachel", "cheng", "audrey", "oliver"}
    for row in expected().values():
        assert set(row) == insiders_seen | set(OUTSIDERS) | {NOBODY}
    assert {ROLES_OF[name] for name in insiders_seen} == set(Role)


@pytest.mark.parametrize(("method", "path"), sorted(expected()))
def test_everybody_gets_the_answer_of_the_table_and_one_entry(
    awaiting: AtWork, method: str, path: str
) -> None:
    ids = ids_of(awaiting)
    awaiting.bring_log_up_to_date()
    wrong = {}
    for who, status in expected()[method, path].items():
        before = len(awaiting.entries())
        answer = request(awaiting, who, method, path, ids)
        entered = len(awaiting.entries()) - before
        due = 0 if status == HTTPStatus.UNAUTHORIZED else 1
        if (answer.status_code, entered) != (status, due):
            wrong[who] = (answer.status_code, entered)
    assert wrong == {}


@pytest.mark.parametrize(
    ("method", "path", "who"),
    sorted(
        (method, path, who)
        for (method, path), row in expected().items()
        for who, status in row.items()
        if status == HTTPStatus.NOT_FOUND
    ),
)
def test_what_may_not_be_seen_answers_as_what_is_not_there(
    awaiting: AtWork, method: str, path: str, who: str
) -> None:
    ids = ids_of(awaiting)
    hidden = request(awaiting, who, method, path, ids)
    absent = request(awaiting, who, method, path, dict.fromkeys(ids, "0" * 36))
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.headers == absent.headers


def test_every_protected_route_has_one_permission_and_no_public_route_has_any() -> None:
    def permissions(route: APIRoute) -> list[Permission]:
        found = (getattr(d.dependency, "permission", None) for d in route.dependencies)
        return [p for p in found if p is not None]

    protected = [r for router in PROTECTED for r in router.routes if isinstance(r, APIRoute)]
    public = [r for router in PUBLIC for r in router.routes if isinstance(r, APIRoute)]
    assert {(m, r.path) for r in public for m in r.methods or ()} == PUBLIC_ROUTES
    assert all(len(permissions(route)) == 1 for route in protected)
    assert all(isinstance(route, SignedInRoute) for route in protected)
    assert not any(permissions(route) for route in public)
    assert {permissions(route)[0] for route in protected} == set(Permission)


def test_every_role_has_its_permissions_and_every_permission_a_role() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == frozenset(Permission)
