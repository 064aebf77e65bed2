"""A researcher asks, waits for two people, and fetches a package that verifies: by tool and by plain HTTP."""

from __future__ import annotations

import csv
import io
import json
import secrets
import zipfile
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT, specification
from service.client import ASSERTION_TYPE, Proving, client_assertion
from service.clock import utc_now
from service.notebook.connect import connect
from service.notebook.reading import read_release
from service.notebook.researcher import explain
from service.problems.requests import NotFound
from service.problems.results import NotReleased
from service.signed import SigningKey
from tests.running import CHECKERS, Running, until

pytestmark = pytest.mark.process
FILES = {
    "table.csv",
    "table.csv-metadata.json",
    "disclosure-record.json",
    "query.json",
    "release.json",
}


def contents(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_package_holds_the_table_and_what_explains_it(running: Running, released: str) -> None:
    files = {path.name: path.read_bytes() for path in running.demo.release("prevalence").iterdir()}
    assert set(files) == FILES
    assert contents(running.demo.release("prevalence").with_suffix(".zip").read_bytes()) == files
    rows = list(csv.DictReader(files["table.csv"].decode().splitlines()))
    record = json.loads(files["disclosure-record.json"])
    assert len(rows) == record["cells"] > record["cells_hidden"] + record["cells_banded"] > 0
    shown = [int(row["numerator"]) for row in rows if row["numerator"]]
    assert shown
    assert min(value for value in shown if value) >= record["threshold"]
    assert {row["numerator_status"] for row in rows} <= {"", "[c]", "[low]", "[high]", "[z]", "[x]"}
    assert json.loads(files["query.json"])
    assert json.loads(files["table.csv-metadata.json"])["@context"]


def test_a_release_is_made_once_by_each_worker(running: Running, released: str) -> None:
    assert running.entered(released) == ["query:answer", "table:control", "release:sign"]
    decided = [
        entry["actor"] for entry in running.entries(action="release:decide") if entry["subject"] == released
    ]
    assert sorted(decided) == sorted(CHECKERS)


def test_a_question_about_another_project_was_refused_with_a_remedy(running: Running, released: str) -> None:
    said = running.demo.facts["refused"]
    assert said.startswith("Not found: ")
    assert "What to do: Check the identifier, the project" in said


def test_plain_http_and_a_signed_question_are_enough(running: Running, released: str, tmp_path: Path) -> None:
    question = tmp_path / "question.json"
    question.write_text(json.dumps(specification()))
    signed = running.tool(
        "tre-researcher", "sign", question, "--keys", running.demo.keys("researcher")
    ).strip()
    http = running.http()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion(
            "researcher", running.key("researcher"), clock=utc_now, random=secrets.token_bytes
        ),
    }
    own = SigningKey.generate()
    first = http.post("/token", data=form, auth=Proving(own, clock=utc_now, random=secrets.token_bytes))
    token = first.raise_for_status().json()["access_token"]
    proving = Proving(own, token, clock=utc_now, random=secrets.token_bytes)

    asked = http.post(f"/projects/{PROJECT}/queries", json={"question": signed}, auth=proving)
    assert asked.status_code == 202
    query_id = asked.json()["query_id"]
    again = http.post(f"/projects/{PROJECT}/queries", json={"question": signed}, auth=proving)
    assert (again.status_code, again.json()["query_id"]) == (200, query_id)

    def state() -> str:
        return str(http.get(f"/queries/{query_id}", auth=proving).json()["state"])

    until("is the query settled?", lambda: state() not in {"asked", "answered"})
    assert state() == "controlled"
    early = http.get(f"/releases/{query_id}/package", auth=proving)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-released")
    for checker in CHECKERS:
        running.decide(checker, query_id)
    package = f"/releases/{query_id}/package"
    until("is it released?", lambda: http.get(package, auth=proving).status_code == 200)
    files = contents(http.get(package, auth=proving).content)
    assert set(files) == FILES
    # The same question over the same data has the same answer, to the byte.
    assert files["table.csv"] == (running.demo.release("prevalence") / "table.csv").read_bytes()


def test_a_researcher_sees_neither_evidence_nor_reasons(running: Running, released: str) -> None:
    shown = running.client("researcher").get(f"/releases/{released}")
    assert not shown.get("decisions")
    with running.refused("researcher", "not-permitted", "Ask the operator"):
        running.client("researcher").get(f"/releases/{released}/evidence")


def test_a_notebook_asks_waits_fetches_and_verifies(running: Running, released: str, tmp_path: Path) -> None:
    held = json.loads((running.demo.home / "pins.json").read_text())
    (tmp_path / "log.vkey").write_text(held["log_vkey"] + "\n")
    (tmp_path / "release-key.jwk").write_text(json.dumps(held["release_key"]))
    with connect(
        running.demo.url,
        running.demo.keys("researcher"),
        vkey=tmp_path / "log.vkey",
        release_keys=[tmp_path / "release-key.jwk"],
    ) as researcher:
        asked = specification(breakdowns=["sex"])
        assert "Columns:" in explain(asked)
        query = researcher.wait(researcher.ask(asked), seconds=60)
        assert (query.state, query.release_id) == ("controlled", query.query_id)
        with pytest.raises(NotReleased):
            researcher.fetch(query)
        for checker in CHECKERS:
            running.decide(checker, query.query_id)
        table = researcher.fetch(query, wait_seconds=60, keep=tmp_path / "release.zip")
        assert read_release(tmp_path / "release.zip", researcher.trust).released == table.released
        frame = table.to_pandas()
        assert frame["sex"].tolist() == table.to_polars()["sex"].to_list()
        assert frame["denominator"].dropna().min() >= table.table.record.threshold
        with pytest.raises(NotFound):
            researcher.ask(specification(project_id="another-project"))
        unchanged = read_release(running.demo.release("prevalence"), researcher.trust)
        assert unchanged.released.statement.release_id == released
