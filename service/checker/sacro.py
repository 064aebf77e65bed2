"""The evidence in the form of ACRO's `results.json`, for checkers who use the SACRO viewer.

Version 1.0.2 of the format, with ACRO's own words for status, checks and risks. It tells of numbers from
before control, so it is part of the evidence and never of a release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from linkage_engine.contract.evidence import Evidence, Reason
from service.checker.words import WORDS

VERSION = "1.0.2"
"""The only version that its reader takes."""
THRESHOLD, ZERO, LINKED, DEGREES = (
    "MinimumThresholdCheck",
    "PresenceOfZeroCheck",
    "PresenceOfLinkedTableCheck",
    "MinimumDoFCheck",
)
CHECKS: Mapping[Reason, str] = {
    Reason.TOO_FEW: THRESHOLD,
    Reason.COMPLEMENT: THRESHOLD,
    Reason.REFERENCE: THRESHOLD,
    Reason.OTHER_CELLS: THRESHOLD,
    Reason.HISTORY: LINKED,
    Reason.NOISE: THRESHOLD,
    Reason.RULE: DEGREES,
}
"""Which of ACRO's checks says most nearly why we hide a number; what nobody can be in is no failure."""
CONTEXT = "https://w3id.org/statbarnsdc#"
RISKS = ("ClassDisclosure", "Differencing", "LowCount")
OK = "ok"


def as_results(evidence: Evidence, *, before: str, after: str) -> bytes:
    """One output of type table with two files: as it was, with the flagged cells, and as it would leave.

    Cells are places [row, measure] of the first file without its labels. Its status is `fail` where more is
    learnt than the policy allows or a count can be subtracted from an earlier one, `review` where anything is
    hidden, else `pass`.
    """
    cells = _flagged(evidence)
    counts = {check: len(places) for check, places in cells.items()}
    sdc = {"summary": counts, "cells": cells}
    failed = {check: "fail" if places else "pass" for check, places in cells.items()}
    uid = f"output_{evidence.release_id}"
    output = {
        "uid": uid,
        "status": _status(evidence),
        "type": "table",
        "properties": {"method": evidence.table.template, "mitigation": evidence.table.record.rounding},
        "files": [{"name": before, "sdc": sdc}, {"name": after, "sdc": {"summary": {}, "cells": {}}}],
        "outcome": _outcome(evidence),
        "command": json.dumps(evidence.question.specification.model_dump(mode="json")),
        "summary": _summary(evidence, counts),
        "timestamp": evidence.question.asked_at.replace(tzinfo=None).isoformat(),
        "comments": ["Numbers from before control: for output checkers, never for release"],
        "exception": "",
        "fair": {
            "context": CONTEXT,
            "statbarn": "Frequencies",
            "risks": list(RISKS),
            "checks_needed": list(cells),
            "common_mitigations": ["Noise", "Suppression"],
            "check_status": failed,
            "dependent": "unknown",
            "independent": list(evidence.table.dimensions),
        },
    }
    return (
        json.dumps({"version": VERSION, "tool": _TOOL, "results": {uid: output}}, indent=2) + "\n"
    ).encode()


_TOOL = {"@type": "SoftwareApplication", "name": "TRE linkage", "version": VERSION}


def _status(evidence: Evidence) -> str:
    if evidence.history.over_budget or any(each.told for each in evidence.earlier.alike):
        return "fail"
    return "review" if any(_flagged(evidence).values()) else "pass"


def _flagged(evidence: Evidence) -> dict[str, list[list[int]]]:
    """For each check the places of the numbers that it hides."""
    found: dict[str, list[list[int]]] = {check: [] for check in (THRESHOLD, ZERO, LINKED, DEGREES)}
    for row, place, reason, exact in _hidden(evidence):
        found[CHECKS[reason]].append([row, place])
        if exact == 0 and reason is Reason.TOO_FEW:
            found[ZERO].append([row, place])
    return found


def _hidden(evidence: Evidence) -> Iterator[tuple[int, int, Reason, float | None]]:
    for row, (reasons, numbers) in enumerate(zip(evidence.reasons, evidence.exact, strict=True)):
        for place, (reason, exact) in enumerate(zip(reasons, numbers, strict=True)):
            if reason is not None and reason in CHECKS:
                yield row, place, reason, exact


def _outcome(evidence: Evidence) -> dict[str, dict[str, str]]:
    """For each measure and cell, by its labels, the check that failed and our own words, or that it is ok."""
    names = ["; ".join(row.labels) or "all" for row in evidence.table.rows]
    outcome = {measure.name: dict.fromkeys(names, OK) for measure in evidence.table.measures}
    for row, place, reason, _ in _hidden(evidence):
        outcome[evidence.table.measures[place].name][names[row]] = f"{CHECKS[reason]}; {WORDS[reason]}; "
    return outcome


def _summary(evidence: Evidence, counts: Mapping[str, int]) -> str:
    """As ACRO words it, with the one line more that it has no check for."""
    lines = [f"{check}: fail - {count} cells suppressed." for check, count in counts.items() if count]
    told = sum(each.told for each in evidence.earlier.alike)
    if told:
        lines.append(f"{LINKED}: fail - {told} counts differ by few people from counts told before.")
    if evidence.history.over_budget:
        lines.append("Leverage: fail - over the project's budget.")
    return "FrequencyTable : \n " + "\n ".join(lines or [OK]) + "\n"
