"""Questions, decisions and sign-ins that may not be: each refusal has a name, a remedy and an entry."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage_engine.contract.permit import Role
from linkage_engine.laboratory.demo.cast import PROJECT, permit_draft, specification
from service.access.tokens import Issuer
from service.audit.records import AuditEntry
from service.audit.tally import enter_closed_tallies
from service.client import ASSERTION_TYPE, Proving, RemoteProblem, client_assertion
from service.clock import utc_now
from service.keys import signing_key
from service.problems.catalogue import CATALOGUE
from service.signed import SigningKey, TextType
from tests.running import Running

pytestmark = pytest.mark.process
RESEARCHER = "researcher"


def raw_question(running: Running, **changes: object) -> str:
    """A question as a program of one's own would sign it, well-formed or not."""
    question = {
        "question": 1,
        "asked_by": RESEARCHER,
        "asked_at": utc_now().isoformat(),
        "nonce": secrets.token_hex(16),
        "specification": specification(**changes),
    }
    return running.key(RESEARCHER).sign_bytes(json.dumps(question).encode(), TextType.QUESTION)


# --- questions


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": "all of them"},
        {"template": "select-everything"},
        {"breakdowns": ["postcode"]},
        {"parameters": {"index_date": "2024-12-31", "where": "1=1"}},
    ],
)
def test_a_specification_outside_the_language_is_refused(
    running: Running, changes: dict[str, object]
) -> None:
    with running.refused(RESEARCHER, "specification-invalid", "Read `faults`"):
        running.ask(raw_question(running, **changes))


def test_the_tool_names_the_place_of_an_unknown_field(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "question.json"
    path.write_text(json.dumps(specification(rows="all of them")))
    said = running.tool("tre-researcher", "ask", path, who=RESEARCHER, expect=1)
    assert said.startswith("Specification invalid: ")
    assert "What to do: Read `faults`" in said
    assert "all of them" not in said


def test_a_template_that_the_permit_does_not_name_is_refused(running: Running) -> None:
    narrow = running.open_project("narrow-project", templates=[])
    with running.refused(RESEARCHER, "outside-the-permit", "Ask within the permit's templates"):
        running.ask(running.question(project_id=narrow), narrow)


def test_a_question_about_another_project_than_its_address_is_refused(running: Running, second: str) -> None:
    with running.refused(RESEARCHER, "question-refused", "Sign it with your registered key"):
        running.ask(running.question(project_id=second), PROJECT)


def test_a_question_to_a_project_that_is_not_ones_own_is_refused(running: Running) -> None:
    with running.refused(RESEARCHER, "not-found", ""):
        running.ask(running.question(project_id="no-such-project"), "no-such-project")


def test_a_question_after_the_permit_has_ended_is_refused(running: Running, ended: str) -> None:
    with running.refused(RESEARCHER, "permit-not-live", "Ask governance for an amendment"):
        running.ask(running.question(project_id=ended), ended)


def test_governance_does_not_sign_a_permit_that_has_ended(running: Running, tmp_path: Path) -> None:
    draft = permit_draft(running.demo.out / "people", providers=running.demo.providers)
    path = tmp_path / "permit.json"
    path.write_text(json.dumps({**draft, "valid_to": "2024-12-31"}))
    said = running.tool(
        "tre-operate", "permit", running.demo.home, path, "--out", tmp_path / "permit.jws", expect=1
    )
    assert said.startswith("Permit refused: ")
    assert "What to do: " in said
    assert not (tmp_path / "permit.jws").exists()


def test_a_question_before_any_linkage_is_refused(running: Running) -> None:
    empty = running.open_project("empty-project")
    with running.refused(RESEARCHER, "no-linked-data", "Wait for the operator's linkage run"):
        running.ask(running.question(project_id=empty), empty)


def test_a_question_signed_by_another_key_is_refused(running: Running) -> None:
    question = json.dumps({"asked_by": RESEARCHER, "specification": specification()})
    forged = SigningKey.generate().sign_bytes(question.encode(), TextType.QUESTION)
    with running.refused(RESEARCHER, "question-refused", "Sign it with your registered key"):
        running.ask(forged)


# --- decisions


@pytest.fixture(scope="module")
def awaiting(running: Running) -> str:
    """A release that nobody has decided on."""
    query_id = running.ask()
    assert running.answered(query_id) == "controlled"
    return query_id


def test_whoever_asked_does_not_decide(running: Running, awaiting: str) -> None:
    with running.refused(RESEARCHER, "not-permitted", "Ask the operator which role does it"):
        running.client(RESEARCHER).post(f"/releases/{awaiting}/decisions", {"decision": "x"})


def test_whoever_asked_cannot_be_made_a_checker(running: Running, tmp_path: Path) -> None:
    public = json.loads((running.demo.keys(RESEARCHER) / "public.json").read_text())
    public |= {"principal_id": "researcher-too", "role": Role.OUTPUT_CHECKER.value}
    path = tmp_path / "public.json"
    path.write_text(json.dumps(public))
    said = running.tool("tre-operate", "register", running.demo.home, path, expect=1)
    assert said.startswith("Already registered: ")
    assert "What to do: Choose another name, or revoke the old key first." in said
    draft = permit_draft(running.demo.out / "people", providers=running.demo.providers)
    checker = json.loads((running.demo.keys("checker-one") / "public.json").read_text())
    twice = [
        party if party["principal_id"] != "checker-one" else checker | {"signing_key": public["signing_key"]}
        for party in draft["parties"]
    ]
    with running.refused("operator", "permit-refused", "pinned governance key"):
        running.open_project("shared-key-project", parties=twice)


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence_sha256": "0" * 64},
        {"release_id": "0" * 32},
        {"project_id": "second-project"},
        {"checker_id": "checker-two"},
    ],
)
def test_a_decision_on_something_else_is_refused(
    running: Running, awaiting: str, changes: dict[str, object]
) -> None:
    with running.refused("checker-one", "decision-refused", "Open the evidence with tre-checker"):
        running.decide("checker-one", awaiting, **changes)


def test_one_approval_releases_nothing(running: Running) -> None:
    release_id = running.ask()
    assert running.answered(release_id) == "controlled"
    running.decide("checker-one", release_id)
    with running.refused("checker-one", "already-decided", "decided once by each checker"):
        running.decide("checker-one", release_id)
    with running.refused(RESEARCHER, "not-released", "Wait for two checkers"):
        running.client(RESEARCHER).download(f"/releases/{release_id}/package")
    assert running.job(f"sign-release:{release_id}") == ("NONE", 0)


def test_one_refusal_outweighs_an_approval(running: Running) -> None:
    release_id = running.ask()
    assert running.answered(release_id) == "controlled"
    running.decide("checker-one", release_id)
    running.decide("checker-two", release_id, verdict="refuse", reason="Too few in one row.")
    with running.refused(RESEARCHER, "not-released", "Wait for two checkers"):
        running.client(RESEARCHER).download(f"/releases/{release_id}/package")
    assert running.job(f"sign-release:{release_id}") == ("NONE", 0)


def test_a_checker_opens_only_the_evidence_sealed_to_them(running: Running, awaiting: str) -> None:
    sealed = running.client("checker-one").download(f"/releases/{awaiting}/evidence")
    path = running.demo.home / "spool" / "evidence" / awaiting / "checker-two.age"
    assert sealed != path.read_bytes()
    with running.refused(RESEARCHER, "not-permitted", "Ask the operator"):
        running.client(RESEARCHER).download(f"/releases/{awaiting}/evidence")


# --- signing in


def a_token(
    running: Running, *, clock: Callable[[], datetime] = utc_now, key: SigningKey | None = None
) -> str:
    """A token made with the api's own key, which only the machine's owner can read."""
    own = key or signing_key(running.home.keys("api") / "token.jwk")
    issuer = Issuer(own, "tre-linkage", 300)
    return issuer.issue("operator", Role.OPERATOR, clock=clock, random=secrets.token_bytes)


def an_hour_ago() -> datetime:
    return utc_now() - timedelta(hours=1)


def unsigned(running: Running) -> str:
    head, body, _ = a_token(running).split(".")
    return f"{head}.{body}."


TOKENS: dict[str, tuple[Callable[[Running], str | None], str, str]] = {
    "expired": (lambda r: a_token(r, clock=an_hour_ago), "token-expired", "Get a new token at /token"),
    "missing": (lambda _: None, "not-signed-in", "Get a token at /token"),
    "of-another-key": (lambda r: a_token(r, key=SigningKey.generate()), "not-signed-in", "Get a token"),
    "unsigned": (unsigned, "not-signed-in", "Get a token"),
    "no-token": (lambda _: "x", "not-signed-in", "Get a token"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_is_not_live_and_ours_is_refused(running: Running, name: str) -> None:
    make, slug, remedy = TOKENS[name]
    before, token = running.standing(), make(running)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    counted = tallied(running, slug)
    answer = running.http().get(f"/projects/{PROJECT}", headers=headers)
    body = answer.json()
    assert (answer.status_code, body["type"]) == (401, f"/problems/{slug}")
    assert body["remedy"] == CATALOGUE[slug].remedy
    assert remedy in body["remedy"]
    # Such refusals are counted, and entered when their minute is over.
    assert tallied(running, slug) != counted or entered_refusals(running)
    assert running.standing() == before


def tallied(running: Running, slug: str) -> int:
    query = "SELECT coalesce(sum(count), 0) FROM refusal_tally WHERE slug = ?"
    return int(running.rows(query, slug)[0][0])


def entered_refusals(running: Running) -> list[dict[str, object]]:
    return running.entries(action="sign-in:refuse")


def test_refused_sign_ins_become_one_entry_a_minute(running: Running, tmp_path: Path) -> None:
    """On a copy of the log's database: waiting for the minute to be over would take a minute."""
    for _ in range(3):
        assert running.http().get(f"/projects/{PROJECT}").status_code == 401
    copy = tmp_path / "control.db"
    with (
        closing(sqlite3.connect(f"file:{running.demo.home}/control/control.db?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    engine = sa.create_engine(f"sqlite:///{copy}")
    with Session(engine) as session:
        a_minute_later = datetime.now(UTC) + timedelta(minutes=2)
        entered = enter_closed_tallies(session, clock=lambda: a_minute_later, random=secrets.token_bytes)
        assert entered >= 1
        newest = session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.action == "sign-in:refuse")
            .order_by(AuditEntry.sequence.desc())
        ).first()
        assert newest is not None
        entry = newest.to_entry()
        assert (entry.actor, entry.subject, entry.outcome) == ("nobody", "127.0.0.1", "refused")
        assert "not-signed-in" in str(entry.detail["code"])
        assert entered == 1 or int(entry.detail["count"]) >= 1
    engine.dispose()


def test_an_assertion_serves_once(running: Running) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion(
            "operator", running.key("operator"), clock=utc_now, random=secrets.token_bytes
        ),
    }
    proving = Proving(SigningKey.generate(), clock=utc_now, random=secrets.token_bytes)
    first, again = (running.http().post("/token", data=form, auth=proving) for _ in range(2))
    assert first.status_code == 200
    assert (again.status_code, again.json()["type"]) == (401, "/problems/assertion-refused")
    assert "use each assertion once" in again.json()["remedy"]


def test_a_role_does_what_its_role_does_and_no_more(running: Running, released: str) -> None:
    for who, method, address in (
        ("operator", "GET", f"/releases/{released}/evidence"),
        ("operator", "GET", "/log/entries"),
        ("cancer-registry", "POST", f"/projects/{PROJECT}/linkage-runs"),
        ("checker-one", "GET", "/log/export"),
    ):
        with running.refused(who, "not-permitted", "Ask the operator which role does it"):
            client = running.client(who)
            client.get(address) if method == "GET" else client.post(address, {})


def test_a_provider_does_not_see_another_providers_delivery(running: Running) -> None:
    theirs = running.demo.facts["receipts"]["gp-federation"]["submission_id"]
    with pytest.raises(RemoteProblem) as caught:
        running.client("cancer-registry").get(f"/submissions/{theirs}")
    assert caught.value.slug == "not-found"
