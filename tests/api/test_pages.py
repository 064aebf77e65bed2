"""Public pages."""

from __future__ import annotations

import json

from service.problems.catalogue import CATALOGUE
from tests.at_work import AtWork
from tests.factories import a_published_record


def test_health_shows_the_measured_isolation_of_each_process(service: AtWork) -> None:
    folder = service.here.settings.status_folder
    status = {
        "role": "linkage",
        "pid": 7,
        "isolation": "reduced",
        "open": ["network"],
        "seen_at": "2026-03-02T12:00:00+00:00",
    }
    told = {"linkage": json.dumps(status), "damaged": "{", "gate": json.dumps(status)}
    for name, text in told.items():  # in the gate's folder the linkage worker says nothing
        (folder / name).mkdir()
        (folder / name / "status.json").write_text(text)
    shown = service.client.get("/health").json()
    del status["pid"]
    assert shown == {"status": "answering", "processes": [status | {"seen_at": "2026-03-02T12:00:00Z"}]}


def test_every_problem_has_an_address_that_answers(service: AtWork) -> None:
    listed = service.client.get("/problems").json()
    assert {problem["type"] for problem in listed} == {f"/problems/{slug}" for slug in CATALOGUE}
    for problem in listed:
        assert service.client.get(problem["type"]).json() == problem


def test_problems_are_pages_for_browsers(service: AtWork) -> None:
    for path in ("/problems", "/problems/not-found"):
        answer = service.client.get(path, headers={"accept": "text/html"})
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing here that you may see." in answer.text
        assert "<script" not in answer.text


def test_the_schema_of_the_disclosure_record_names_every_field_of_it(service: AtWork) -> None:
    schema = service.client.get("/schemas/disclosure-record").json()
    record = a_published_record().model_dump(mode="json")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"].keys() == record.keys()
    assert set(schema["required"]) == record.keys() - {"record", "noise"}
    assert schema["additionalProperties"] is False


def test_an_unknown_problem_is_not_found(service: AtWork) -> None:
    assert service.client.get("/problems/no-such").status_code == 404
