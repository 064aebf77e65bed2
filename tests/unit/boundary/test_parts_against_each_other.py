"""The analysis door on parts that contradict each other: a provider that left its tool's checks out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa

from tests.integration.extracts import EXTRACT_DATE, REGISTRY, registry_files
from tests.unit.boundary.doors import Doors, the_desk


def test_an_event_after_the_death_in_the_same_delivery_is_reported_and_not_kept(
    doors: Doors, tmp_path: Path
) -> None:
    desk = the_desk()
    one = desk.deliver(
        tmp_path / "desk", lambda folder: registry_files(folder, died="2018-05-05"), unchecked=True
    )
    reports = {
        part.name: doors.analysis.receive(io.BytesIO(one.parts[part.name]), one.manifest, part.name)
        for part in doors.analysis.in_order(one.manifest)
    }
    assert [name for name, report in reports.items()] == ["death", "cancer_registration"]
    assert reports["death"].passed
    failed = [f for f in reports["cancer_registration"].findings if f.outcome.failed]
    assert [(f.field, f.rule, f.rows) for f in failed] == [("diagnosis_date", "death", 4)]
    kept = [path.stem for path in (doors.folder / "analysis").rglob("*.parquet")]
    assert len(kept) == 1


def registry_with_care(folder: Path) -> Path:
    """The registry's files, and care of the same tumours: of the last two there is no registration."""
    path = registry_files(folder)
    tumours = list(csv.DictReader((folder / "tumours.csv").read_text().splitlines()))
    rows = [
        {
            "local_id": row["local_id"],
            "record": f"C{number}",
            "tumour": row["tumour_id"] if number >= 2 else "unknown",
            "site": "RXX01",
            "status": "offered_accepted",
        }
        for number, row in enumerate(tumours)
    ]
    with (folder / "care.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    mapping = json.loads(path.read_text())
    mapping["files"].insert(
        0,
        {
            "file": "care.csv",
            "data_set": "cosd_personalised_care",
            "local_person_id": "local_id",
            "columns": {
                "personalised_care_record_id": "record",
                "tumour_id": "tumour",
                "organisation_site_identifier": "site",
                "hna_status": "status",
            },
        },
    )
    path.write_text(json.dumps(mapping))
    return path


def test_a_part_is_received_after_those_that_it_names_and_held_to_them(doors: Doors, tmp_path: Path) -> None:
    one = the_desk().deliver(tmp_path / "desk", registry_with_care)
    parts = doors.analysis.in_order(one.manifest)
    assert [part.name for part in parts] == ["death", "cancer_registration", "cosd_personalised_care"]
    reports = {
        part.name: doors.analysis.receive(io.BytesIO(one.parts[part.name]), one.manifest, part.name)
        for part in parts
    }
    found = [f for f in reports["cosd_personalised_care"].findings if f.rule == "reference"]
    assert [(f.field, f.rows, f.outcome.failed) for f in found] == [("tumour_id", 2, False)]
    assert all(report.passed for report in reports.values())


def council_files(folder: Path) -> Path:
    header = ["local_id", "date_of_birth", "ref", "la", "event", "start", "end", "submitted", "from", "to"]
    one = ["L1", "1940-02-01", "E1", "E08000035", "request", "2019-01-05", "2019-01-09"]
    lines = [
        header,
        [*one, "2021-04-20", "2020-04-01", "2021-03-31"],
        [*one[:2], "E2", *one[3:5], "2020-06-01", "2020-06-02", "2021-04-20", "2020-04-01", "2021-03-31"],
    ]
    with (folder / "cld.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    columns = {
        "event_reference": "ref",
        "la_code": "la",
        "event_type": "event",
        "event_start_date": "start",
        "event_end_date": "end",
        "submission_timestamp": "submitted",
        "reporting_period_start": "from",
        "reporting_period_end": "to",
    }
    described = {
        "file": "cld.csv",
        "data_set": "asc_cld_event",
        "local_person_id": "local_id",
        "identifiers": {"date_of_birth": "date_of_birth"},
        "columns": columns,
    }
    path = folder / "mapping.json"
    mapping = {"mapping": 1, "provider_id": REGISTRY, "extract_date": EXTRACT_DATE, "files": [described]}
    path.write_text(json.dumps(mapping))
    return path


def twice(payload: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Submissions put together without being joined: each event again, under another number."""
    events = payload["asc_cld_event"]
    place = events.column_names.index("event_reference")
    again = events.set_column(place, "event_reference", pa.array(["Z1", "Z2"]))
    return {"asc_cld_event": pa.concat_tables([events, again])}


def test_events_of_social_care_that_a_tool_did_not_join_are_not_kept(doors: Doors, tmp_path: Path) -> None:
    naive = the_desk().deliver(tmp_path / "naive", council_files, tampered=twice)
    report = doors.analysis.receive(io.BytesIO(naive.parts["asc_cld_event"]), naive.manifest, "asc_cld_event")
    assert [(f.field, f.rule, f.rows) for f in report.findings if f.outcome.failed] == [
        ("event_type", "same_event", 4)
    ]
    assert not list((doors.folder / "analysis").rglob("*.parquet"))
    one = the_desk().deliver(tmp_path / "joined", council_files)
    part = io.BytesIO(one.parts["asc_cld_event"])
    assert doors.analysis.receive(part, one.manifest, "asc_cld_event").passed
