"""A council's resubmissions through the tool: each event once, and everything that was dropped is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.command_line import run
from service.provider.main import app
from tests.unit.provider.desk import Desk
from tests.unit.provider.test_provider_seal import opened

Said = pytest.CaptureFixture[str]
HEADER = "ID,SURNAME,DOB,REF,LA,EVENT,START,END,SERVICE,OUTCOME,PERIOD FROM,PERIOD TO,SUBMITTED\n"
FIRST = "01/04/2023,31/03/2024,2024-04-20"
SECOND = "01/07/2023,30/06/2024,2024-07-20"
ROW = (
    "CANARY-1,CANARY-SMITH,01/02/1940,{ref},E08000035,{event},05/01/2024,{end},{service},{outcome},{period}\n"
)
COLUMNS = {
    "event_reference": "REF",
    "la_code": "LA",
    "event_type": "EVENT",
    "event_start_date": "START",
    "event_end_date": "END",
    "service_type": "SERVICE",
    "event_outcome": "OUTCOME",
    "reporting_period_start": "PERIOD FROM",
    "reporting_period_end": "PERIOD TO",
    "submission_timestamp": "SUBMITTED",
}


def a_row(**changes: str) -> str:
    row = {
        "ref": "E1",
        "event": "Request",
        "end": "09/01/2024",
        "service": "",
        "outcome": "NFA - Support declined",
        "period": FIRST,
    }
    return ROW.format(**{**row, **changes})


def at_a_council(desk: Desk, *rows: str, **changes: Any) -> None:
    (desk.folder / "cld.csv").write_text(HEADER + "".join(rows))
    file = {
        "file": "cld.csv",
        "data_set": "asc_cld_event",
        "local_person_id": "ID",
        "date_format": "%d/%m/%Y",
        "release": "1",
        "identifiers": {"family_name": "SURNAME", "date_of_birth": "DOB"},
        "columns": COLUMNS,
        **changes,
    }
    desk.change_mapping(lambda mapping: mapping.update(files=[file]))
    project = json.loads(desk.project.read_text())
    desk.project.write_text(json.dumps({**project, "data_sets": ["asc_cld_event"]}))


def test_resubmissions_become_events_and_the_report_says_what_became_of_each_row(
    desk: Desk, capsys: Said
) -> None:
    again = a_row(ref="E7", outcome="NFA: SUPPORT DECLINED", period=SECOND)
    open_service = a_row(ref="E2", event="Service", end="", service="Long Term Support: Nursing Care")
    later = a_row(ref="E3", event="Service", end="", service="Long term support: nursing care", period=SECOND)
    at_a_council(desk, a_row(), again, open_service, later, release="2")
    text = (desk.folder / "cld.csv").read_text().replace("NFA - Support declined", "NFA: Support declined")
    (desk.folder / "cld.csv").write_text(
        text.replace("Long Term Support: Nursing Care", "Long term support: Nursing care")
    )
    out, page = desk.folder / "report.json", desk.folder / "report.html"
    assert run(app, ["validate", str(desk.mapping), "--json", str(out), "--html", str(page)]) == 0
    said = capsys.readouterr().out
    assert "social care events of 2 submissions, 2023Q2 to 2024Q2:\n  4 rows read, 2 kept\n" in said
    assert "  0 of an event told by another, 2 not current\n" in said
    assert json.loads(out.read_text())["resubmissions"]["rows_kept"] == 2
    assert "<h2>Resubmissions</h2>" in page.read_text()
    assert "CANARY" not in said + out.read_text() + page.read_text()
    assert run(app, desk.seal_arguments()) == 0
    events = opened(desk)[1]["asc_cld_event"].to_pylist()
    assert sorted((e["event_reference"], e["event_type"]) for e in events) == [
        ("E3", "service"),
        ("E7", "request"),
    ]
    assert {e["event_outcome"] for e in events} == {"ended_declined"}
    assert {e["service_type"] for e in events} == {None, "long_term_nursing"}


@pytest.mark.parametrize(
    ("release", "outcome", "passes"),
    [
        ("1", "NFA - Support declined", True),
        ("1", "Progress to End of Life Care", True),
        ("1", "NFA: Support declined", False),
        ("2", "NFA: Support declined", True),
        ("2", "nfa: support DECLINED", True),
        ("2", "NFA - Support declined", False),
        (None, "NFA - Support declined", False),
        ("1", "ended_declined", True),
    ],
)
def test_the_texts_of_the_release_that_is_named_are_translated_and_no_others(
    desk: Desk,
    release: str | None,
    outcome: str,
    passes: bool,  # noqa: FBT001  # a case
) -> None:
    codes = {"event_type": {"Request": "request"}}
    at_a_council(desk, a_row(outcome=outcome), release=release, codes=codes)
    assert run(app, ["validate", str(desk.mapping)]) == (0 if passes else 1)


def test_several_submissions_without_a_period_that_can_be_told_are_refused(desk: Desk, capsys: Said) -> None:
    at_a_council(desk, a_row(period=",,2024-04-20"), a_row(ref="E2", period=",,2024-07-20"))
    assert run(app, ["validate", str(desk.mapping)]) == 1
    told = capsys.readouterr().err
    assert "has several submissions and no quarter that one of them covers" in told
    assert "CANARY" not in told


def test_quarters_that_no_submission_covers_are_told(desk: Desk, capsys: Said) -> None:
    late = a_row(ref="E2", end="09/01/2025", period="01/07/2024,31/03/2025,2025-04-20")
    at_a_council(desk, a_row(), late)
    assert run(app, ["validate", str(desk.mapping)]) == 0
    assert "  no submission covers 2024Q2  <- look at this\n" in capsys.readouterr().out


def test_a_release_is_of_social_care_alone_and_one_that_exists(desk: Desk, capsys: Said) -> None:
    desk.change_mapping(lambda mapping: mapping["files"][0].update(release="1"))
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "files.0.release: is of adult social care alone" in capsys.readouterr().err
    desk.change_mapping(lambda mapping: mapping["files"][0].update(release="3"))
    assert run(app, ["validate", str(desk.mapping)]) == 1
    assert "files.0.release" in capsys.readouterr().err
