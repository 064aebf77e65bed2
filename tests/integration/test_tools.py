"""tre-researcher, tre-checker, tre-audit and tre-operate against the real api, in this process."""

from __future__ import annotations

import csv
import io
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from fastapi.testclient import TestClient

from linkage_engine.contract.preflight import Coarser, Foreseen, Preflight
from linkage_engine.contract.query_spec import PrevalenceParameters
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.unseal import unseal_bytes
from service.api import create_app
from service.checker import main as checker
from service.clock import utc_now
from service.command_line import run
from service.jobs import Job, WorkerRole
from service.operate import main as operate
from service.operate.installation import environment
from service.releases.package import evidence_path
from service.researcher import main as researcher
from service.researcher import waiting
from service.researcher.questions import sentence
from service.reviewer import main as reviewer
from service.reviewer.search import IN_TABLE
from service.settings import ApiSettings, LogSettings, settings_for
from service.signed import TextType, verified
from service.worker.log_role import log_signer, one_round
from tests.factories import PROJECT, a_grant, a_specification
from tests.integration.cast import GRANTS, INDEX_DATE
from tests.integration.conftest import At
from tests.integration.workshop import Workshop

URL = ("--url", "https://service.example")


@dataclass
class Tools:
    """The tools of everybody, at a service at some stage."""

    shop: Workshop
    capsys: pytest.CaptureFixture[str]

    def run(self, app: typer.Typer, *arguments: str | Path, who: str = "") -> tuple[int, str, str]:
        """Exit code, output and errors of a command."""
        options = (*URL, "--keys", self.shop.keys(who)) if who else ()
        self.capsys.readouterr()
        code = run(app, [str(one) for one in (*arguments, *options)])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def ask(self, app: typer.Typer, *arguments: str | Path, who: str = "") -> Any:
        code, out, err = self.run(app, *arguments, who=who)
        assert code == 0, err
        return json.loads(out)

    def bring_log_up_to_date(self) -> None:
        settings = settings_for(LogSettings, environment(self.shop.home, "log"))
        one_round(settings, self.shop.surroundings(WorkerRole.LOG), log_signer(settings))


ToolsAt = Callable[[str], Tools]


@pytest.fixture
def tools(at: At, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[ToolsAt]:
    opened: list[TestClient] = []

    def make(stage: str) -> Tools:
        shop = at(stage)
        settings = settings_for(ApiSettings, environment(shop.home, "api"))
        app = create_app(settings, clock=utc_now, random=secrets.token_bytes, strict_logs=True)
        service = TestClient(app, raise_server_exceptions=False)
        service.__enter__()
        opened.append(service)

        def relay(request: httpx.Request) -> httpx.Response:
            """httpx, as the tools have it, to the client of the test; nothing is on a network."""
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            answer = service.request(
                request.method, str(request.url), content=request.read(), headers=headers
            )
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))

        made = httpx.Client
        monkeypatch.setattr(
            "service.client.httpx.Client",
            lambda base_url, **_: made(base_url=base_url, transport=httpx.MockTransport(relay)),
        )
        return Tools(shop, capsys)

    yield make
    for service in opened:
        here = service.app.state.surroundings  # type: ignore[attr-defined]  # FastAPI's
        service.__exit__(None, None, None)
        here.jobs.close()
        for made in (here.sessions, here.view_sessions, here.read_sessions):
            made.kw["bind"].dispose()


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "question.json"
    path.write_text(a_specification().to_json())
    return path


# --- researchers


def test_a_question_is_asked_watched_and_refused_while_nothing_is_released(
    tools: ToolsAt, question: Path, tmp_path: Path
) -> None:
    desk = tools("finished")
    asked = desk.ask(researcher.app, "ask", question, who="rosalind")
    assert asked["state"] == "asked"
    watched = desk.ask(researcher.app, "watch", asked["query_id"], who="rosalind")
    assert watched["query_id"] == asked["query_id"]
    code, _, err = desk.run(
        researcher.app, "fetch", asked["query_id"], "--out", tmp_path / "out", who="rosalind"
    )
    assert code == 1
    assert "What to do:" in err
    assert not (tmp_path / "out").exists()


def test_a_question_can_be_waited_for(
    tools: ToolsAt, question: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.01)
    desk = tools("finished")
    asked = desk.ask(researcher.app, "ask", question, "--wait", "0.05", who="rosalind")
    assert asked["state"] == "asked"


def test_a_released_package_is_fetched_once(tools: ToolsAt, tmp_path: Path) -> None:
    desk = tools("signed")
    desk.bring_log_up_to_date()
    out = tmp_path / "release"
    code, said, err = desk.run(researcher.app, "fetch", desk.shop.ids["query"], "--out", out, who="rosalind")
    assert code == 0, err
    assert {Path(line).name for line in said.splitlines()} == {
        "release.json",
        "table.csv",
        "table.csv-metadata.json",
        "disclosure-record.json",
        "query.json",
    }
    assert (tmp_path / "release.zip").read_bytes()[:2] == b"PK"
    code, _, err = desk.run(researcher.app, "fetch", desk.shop.ids["query"], "--out", out, who="rosalind")
    assert (code, err.split(":")[0]) == (1, "File exists")


def test_a_question_is_signed_for_any_http_client(tools: ToolsAt, question: Path) -> None:
    desk = tools("opened")
    rosalind = desk.shop.people["rosalind"]
    code, text, _ = desk.run(researcher.app, "sign", question, "--keys", desk.shop.keys("rosalind"))
    assert code == 0
    signed = verified(text.strip(), (rosalind.key.public,), TextType.QUESTION, SignedQuestion)
    assert (signed.asked_by, signed.specification.project_id) == ("rosalind", PROJECT)


def test_a_preflight_says_in_a_sentence_what_would_be_hidden(
    tools: ToolsAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, path = tools("finished"), tmp_path / "question.json"
    path.write_text(a_specification(parameters=PrevalenceParameters(index_date=INDEX_DATE)).to_json())
    done = len(desk.shop.enqueued())
    unsettled = desk.ask(researcher.app, "preflight", path, "--wait", "0", who="rosalind")
    assert (unsettled["state"], unsettled["figures"]) == ("asked", None)
    monkeypatch.setattr("service.researcher.waiting.time.sleep", lambda _: desk.shop.drain(done=done))
    code, said, err = desk.run(researcher.app, "preflight", path, who="rosalind")
    assert (code, said, err) == (0, "1 of 4 cells will be hidden; without sex: 0 of 1\n", "")


def test_a_sentence_names_coarser_bands() -> None:
    told = Preflight(
        asked=Foreseen(cells=96, hidden=14),
        coarser=(
            Coarser(cells=48, hidden=2, change="age_bands", to="broad"),
            Coarser(cells=12, hidden=0, change="without", to="area"),
        ),
    )
    assert sentence(told) == ("14 of 96 cells will be hidden; broad bands: 2 of 48; without area: 0 of 12")


# --- checkers


def test_checkers_see_the_queue_open_the_evidence_and_decide(tools: ToolsAt) -> None:
    desk = tools("controlled")
    release_id = desk.shop.ids["query"]
    queue = desk.ask(checker.app, "queue", "--json", who="cheng")
    assert [one["release_id"] for one in queue] == [release_id]
    _, lines, _ = desk.run(checker.app, "queue", who="cheng")
    assert lines.startswith("1 of 1 wait for you")
    assert release_id in lines
    code, shown, err = desk.run(checker.app, "open", release_id, who="cheng")
    assert code == 0, err
    female = next(line.split() for line in shown.splitlines() if line.startswith("Female"))
    assert female[:5] == ["Female", "36", "33", "86", "87"]
    assert "1 of 4 cells hidden" in shown
    for name in ("cheng", "carol"):
        desk.ask(checker.app, "approve", release_id, "--reason", "Nothing small.", who=name)
    assert desk.shop.release(release_id).state.value == "approved"


def test_a_checker_refuses(tools: ToolsAt) -> None:
    desk = tools("controlled")
    desk.ask(checker.app, "refuse", desk.shop.ids["query"], "--reason", "Too small.", who="carol")
    assert desk.shop.release(desk.shop.ids["query"]).state.value == "refused"


def test_a_checker_sees_why_a_question_was_not_answered_and_its_asker_what_to_do(tools: ToolsAt) -> None:
    desk = tools("answered")
    desk.shop.fail(Job.CONTROL, desk.shop.ids["query"])
    seen = desk.ask(checker.app, "query", desk.shop.ids["query"], who="cheng")
    told = desk.ask(researcher.app, "watch", desk.shop.ids["query"], who="rosalind")
    assert (seen["code"], seen["remedy"]) == ("unforeseen", None)
    assert (told["code"], "coarser bands" in told["remedy"]) == ("not-answered", True)


def test_evidence_of_another_release_is_not_shown(tools: ToolsAt) -> None:
    """Whoever relays evidence may seal anything to a checker's public key."""
    desk = tools("controlled")
    shop, release_id = desk.shop, desk.shop.ids["query"]
    path = evidence_path(shop.spool, release_id, "cheng")
    plain = unseal_bytes(path.read_bytes(), identities=[shop.cast.identities["cheng"]])
    other = plain.replace(release_id.encode(), b"ab" * 16)
    with path.open("wb") as target:
        to = [shop.cast.identities["cheng"].recipient]
        seal(io.BytesIO(other), target, recipients=to, random=secrets.token_bytes)
    code, shown, err = desk.run(checker.app, "open", release_id, who="cheng")
    assert (code, shown) == (1, "")
    assert err.startswith("Request unreadable")


# --- reviewers


def test_a_reviewer_exports_and_verifies_offline(
    tools: ToolsAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = tools("signed")
    desk.bring_log_up_to_date()
    bundle, vkey, key = tmp_path / "log.zip", tmp_path / "log.vkey", tmp_path / "release.jwk"
    code, said, err = desk.run(reviewer.app, "export", "--out", bundle, who="audrey")
    assert code == 0, err
    assert f"{bundle.stat().st_size} bytes" in said
    vkey.write_text(desk.shop.pins.log_vkey + "\n")
    key.write_text(desk.shop.pins.release_key.to_json())
    arguments = ["verify", str(bundle), "--vkey", str(vkey), "--release-key", str(key)]
    monkeypatch.setattr(sys, "argv", ["tre-audit", *arguments])
    with pytest.raises(SystemExit) as ended:
        reviewer.main()
    assert ended.value.code == 0


def test_a_reviewer_reads_entries(tools: ToolsAt) -> None:
    desk = tools("signed")
    desk.bring_log_up_to_date()
    found = desk.ask(reviewer.app, "entries", "--limit", "3", "--as", "json", who="audrey")
    assert [entry["sequence"] for entry in found] == [1, 2, 3]
    code, table, err = desk.run(reviewer.app, "entries", "--limit", "3", who="audrey")
    assert (code, table.splitlines()[0].split()) == (0, list(IN_TABLE))
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["1", "2", "3"]
    assert err == "There may be more: --after 3\n"


def test_a_reviewer_exports_a_search_and_every_page_is_entered(
    tools: ToolsAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = tools("signed")
    monkeypatch.setattr("service.reviewer.search.PAGE", 1)  # so that a few entries are many pages
    search = ("--person", "cheng", "--from", "2020-01-01", "--to", "2150-12-31", "--outcome", "done")
    found: dict[str, list[dict[str, str]]] = {}
    for form in ("jsonl", "csv"):
        out = tmp_path / f"found.{form}"
        code, said, err = desk.run(reviewer.app, "export", "--as", form, "--out", out, *search, who="audrey")
        assert code == 0, err
        with out.open(encoding="utf-8", newline="") as file:
            found[form] = list(csv.DictReader(file) if form == "csv" else map(json.loads, file))
        assert said == f"{out}: {len(found[form])} entries\n"
    assert len(found["csv"]) >= 2
    assert [e["entry_id"] for e in found["csv"]] == [e["entry_id"] for e in found["jsonl"]]
    assert all("cheng" in {e["actor"], e["subject"]} for e in found["jsonl"])
    read = desk.ask(
        reviewer.app, "entries", "--actor", "audrey", "--action", "log:read", "--as", "json", who="audrey"
    )
    assert len(read) == 2 * (len(found["csv"]) + 1)
    assert {entry["detail"]["filters"] for entry in read} == {"person+outcome+since+until"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--from", "2026-11-31"), 2),
        (("--to", "2026-11-30T10:00:00"), 2),  # of which zone?
        (("--action", "sing"), 2),
        (("--limit", "501"), 2),
        (("--from", "2026-11-03", "--to", "2026-11-01"), 1),
        (("--person", "=HYPERLINK()"), 1),
    ],
)
def test_a_search_that_says_nothing_sensible_is_refused(
    tools: ToolsAt, options: tuple[str, ...], code: int
) -> None:
    desk = tools("signed")
    assert desk.run(reviewer.app, "entries", *options, who="audrey")[:2] == (code, "")


def test_a_bundle_is_not_searched(tools: ToolsAt, tmp_path: Path) -> None:
    desk, out = tools("signed"), tmp_path / "log.zip"
    code, _, _ = desk.run(reviewer.app, "export", "--out", out, "--person", "cheng", who="audrey")
    assert (code, out.exists()) == (2, False)


# --- the operator


def test_an_operator_opens_a_project_once(tools: ToolsAt, tmp_path: Path) -> None:
    desk = tools("opened")
    permit = tmp_path / "permit.jws"
    grants = tuple(a_grant(*granted, project_id="another-study") for granted in GRANTS)
    permit.write_text(desk.shop.permit_text(project_id="another-study", data_sets=grants) + "\n")
    opened = desk.ask(operate.app, "open", permit, who="oliver")
    assert opened["project_id"] == "another-study"
    code, _, err = desk.run(operate.app, "open", permit, who="oliver")
    assert (code, err.split(":")[0]) == (1, "Project exists")


def test_an_operator_asks_for_a_run_and_waits(tools: ToolsAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operate, "POLL_SECONDS", 0.01)
    desk = tools("accepted")
    asked = desk.ask(operate.app, "link", PROJECT, "--wait", "0.05", who="oliver")
    assert asked["state"] == "asked"


def test_a_run_that_failed_ends_the_command_with_one(tools: ToolsAt, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = tools("accepted")
    for path in desk.shop.home.vault("linkage").rglob("*.parquet"):
        path.unlink()
    monkeypatch.setattr("service.operate.main.time.sleep", lambda _: desk.shop.drain(done=4))
    code, said, _ = desk.run(operate.app, "link", PROJECT, "--wait", "5", who="oliver")
    assert (code, json.loads(said)["state"]) == (1, "failed")


# --- keys, and the programs themselves


@pytest.mark.parametrize(
    ("app", "more"),
    [(researcher.app, ()), (checker.app, ()), (operate.app, ("--role", "audit_reviewer"))],
    ids=["researcher", "checker", "operator"],
)
def test_people_make_their_keys_once(
    app: typer.Typer, more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["keys", str(tmp_path / "keys"), "Some Body", "--id", "somebody", *more]
    assert run(app, arguments) == 0
    assert "thumbprint" in capsys.readouterr().out
    assert run(app, arguments) == 1
    assert "Key folder unusable" in capsys.readouterr().err


def test_the_operator_makes_no_keys_for_people_with_a_tool_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["keys", str(tmp_path / "keys"), "Some Body", "--id", "somebody", "--role", "output_checker"]
    assert run(operate.app, arguments) == 2
    assert "operator or audit_reviewer" in capsys.readouterr().err
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("program", [researcher, checker, operate, reviewer], ids=lambda p: p.__name__)
def test_a_program_ends_with_its_exit_code(
    program: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tre", "--help"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 0
    assert "Usage" in capsys.readouterr().out
