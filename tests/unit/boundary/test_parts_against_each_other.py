"""The analysis door on parts that contradict each other: a provider that left its tool's checks out."""

from __future__ import annotations

import io
from pathlib import Path

from tests.integration.extracts import registry_files
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
