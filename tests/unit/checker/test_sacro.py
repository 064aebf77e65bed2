"""The export for the SACRO viewer: the format of acro 1.0.2, and that acro reads what we mean."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.evidence import Evidence, Reason
from service.checker.parts import parts, write_folder
from service.checker.sacro import CHECKS, as_results
from tests.factories import a_history_audit
from tests.outside_checks import acro_python
from tests.unit.checker.evidences import looked_back, some_evidence

NOTHING_HIDDEN = {"reasons": ((None, None),) * 4}


def output_of(evidence: Evidence) -> dict[str, Any]:
    text = json.loads(as_results(evidence, before="before.csv", after="after.csv"))
    assert text["version"] == "1.0.2"
    [output] = text["results"].values()
    found: dict[str, Any] = output
    return found


def test_hidden_numbers_are_flagged_in_acro_s_words() -> None:
    sdc = output_of(some_evidence())["files"][0]["sdc"]
    assert sdc["cells"] == {
        "MinimumThresholdCheck": [[1, 0], [3, 0], [3, 1]],
        "PresenceOfZeroCheck": [[3, 0], [3, 1]],
        "PresenceOfLinkedTableCheck": [[2, 0], [2, 1]],
        "MinimumDoFCheck": [],
    }
    assert sdc["summary"] == {name: len(cells) for name, cells in sdc["cells"].items()}


def test_outcome_says_our_reason_of_each_number() -> None:
    outcome = output_of(some_evidence())["outcome"]
    assert outcome["numerator"] == {
        "Total": "ok",
        "Male": "MinimumThresholdCheck; too few; ",
        "Female": "PresenceOfLinkedTableCheck; history; ",
        "=1+1": "MinimumThresholdCheck; too few; ",
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "review"),
        (NOTHING_HIDDEN, "pass"),
        ({**NOTHING_HIDDEN, "history": a_history_audit(leverage_mean=0.2)}, "fail"),
        ({**NOTHING_HIDDEN, "earlier": looked_back()}, "fail"),
    ],
    ids=["hidden", "nothing hidden", "over budget", "can be subtracted"],
)
def test_status_is_one_of_acro_s_three(changes: dict[str, object], status: str) -> None:
    assert output_of(some_evidence(**changes))["status"] == status


def test_the_summary_counts_what_failed() -> None:
    evidence = some_evidence(earlier=looked_back(), history=a_history_audit(leverage_mean=0.2))
    lines = output_of(evidence)["summary"].splitlines()
    assert " MinimumThresholdCheck: fail - 3 cells suppressed." in lines
    assert any("1 counts differ by few people" in line for line in lines)
    assert any("over the project's budget" in line for line in lines)
    assert output_of(some_evidence(**NOTHING_HIDDEN))["summary"].endswith("ok\n")


def test_what_nobody_can_be_in_or_compute_is_no_failure() -> None:
    assert set(Reason) - CHECKS.keys() == {Reason.NOT_APPLICABLE, Reason.UNAVAILABLE}
    evidence = some_evidence(reasons=((Reason.NOT_APPLICABLE, Reason.UNAVAILABLE),) * 4)
    assert output_of(evidence)["status"] == "pass"


READ = """
import json, sys
from acro.record import load_records
records = load_records(sys.argv[1])
[uid] = records.get_keys()
record = records.get(uid)
flagged = {tuple(cell) for cells in record.sdc["cells"].values() for cell in cells}
labels = len(record.fair["independent"])
before, after = record.output
print(json.dumps({
    "status": record.status,
    "type": record.output_type,
    "flagged": len(flagged),
    "failed": int((record.outcome != "ok").to_numpy().sum()),
    "values": [float(before.iloc[r, labels + c]) for r, c in sorted(flagged)],
    "rows": [len(before), len(after)],
    "summary": record.sdc["summary"],
}))
"""


@pytest.mark.outside(tool="acro")
def test_acro_itself_reads_the_export_and_the_same_cells_are_flagged(tmp_path: Path) -> None:
    evidence = some_evidence(earlier=looked_back())
    write_folder(tmp_path / "evidence", parts(evidence, "ef" * 32))
    python = acro_python()
    assert python
    done = subprocess.run(
        [python, "-c", READ, str(tmp_path / "evidence")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path,
    )
    read = json.loads(done.stdout)
    hidden = [
        number
        for reasons, exact in zip(evidence.reasons, evidence.exact, strict=True)
        for reason, number in zip(reasons, exact, strict=True)
        if reason is not None
    ]
    assert (read["status"], read["type"]) == ("fail", "table")
    assert read["flagged"] == read["failed"] == len(hidden)
    assert read["values"] == hidden
    assert read["rows"] == [4, 4]
    assert read["summary"]["PresenceOfLinkedTableCheck"] == 2
