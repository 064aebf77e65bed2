"""The evidence an output checker decides on: sealed by the gate to that checker's key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from linkage_engine.contract.controlled_table import Noise
from linkage_engine.contract.evidence import Evidence, HistoryAudit, OutcomeLeverage, TableAudit
from linkage_engine.contract.excluded import PersonsBy
from linkage_engine.contract.reports import LinkageOfDataSets
from linkage_engine.contract.statements import Decision, Verdict
from linkage_engine.quality_report.report import of_linkage
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes
from service.checker.words import EXCLUSIONS, WORDS
from service.clock import Clock
from service.keys import age_identity_text
from service.problems.requests import RequestUnreadable
from service.signed import SigningKey, TextType, sign

LIMIT_BYTES = 256 << 20
Opened = tuple[Evidence, str]
"""The evidence, and the digest a decision is bound to."""


def open_evidence(sealed: bytes, keys: Path) -> Opened:
    """The evidence of a sealed file; raises CannotUnseal when it is not for these keys."""
    identity = Identity.parse(age_identity_text(keys))
    plain = unseal_bytes(sealed, identities=[identity], limit_bytes=LIMIT_BYTES)
    try:
        evidence = Evidence.model_validate_json(plain)
    except ValidationError:
        raise RequestUnreadable from None
    if not len(evidence.exact) == len(evidence.reasons) == len(evidence.table.rows):
        raise RequestUnreadable
    return evidence, hashlib.sha256(plain).hexdigest()


def signed_decision(
    opened: Opened,
    *,
    checker_id: str,
    verdict: Literal["approve", "refuse"],
    reason: str,
    key: SigningKey,
    clock: Clock,
) -> str:
    """The decision over exactly this evidence, signed."""
    evidence, digest = opened
    decision = Decision(
        release_id=evidence.release_id,
        project_id=evidence.project_id,
        checker_id=checker_id,
        verdict=Verdict(verdict),
        evidence_sha256=digest,
        reason=reason,
        decided_at=clock(),
    )
    return sign(decision, key, TextType.DECISION)


def as_text(evidence: Evidence) -> str:
    """The table with its numbers before control beside those that would leave, and why they are hidden."""
    table = evidence.table
    heads = [
        *table.dimensions,
        *(f"{m.name} ({side})" for m in table.measures for side in ("before", "after")),
        "why hidden",
    ]
    rows = [heads]
    for row, exact, reasons in zip(table.rows, evidence.exact, evidence.reasons, strict=True):
        numbers = [
            text
            for value, before in zip(row.values, exact, strict=True)
            for text in (number(before), value.status.value or number(value.value))
        ]
        why = dict.fromkeys(WORDS[reason] for reason in reasons if reason is not None)
        rows.append([*row.labels, *numbers, ", ".join(why)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def audit_lines(evidence: Evidence) -> list[str]:
    """How tables together are kept from giving people away, and what noise there is, for people."""
    audit, noise = history_lines(evidence.history), evidence.table.record.noise
    if noise is None:
        return audit
    return [noise_line(noise)] if noise.epsilon is not None else [*audit, noise_line(noise)]


def noise_line(noise: Noise) -> str:
    """What was added to counts and what it cost, for people."""
    told = f"noise of standard deviation {noise.standard_deviation} on every count"
    if noise.epsilon is None:
        return f"{told}, at most {noise.max_deviation}, the same for the same people"
    budget = f"epsilon {noise.epsilon}, {noise.epsilon_spent} of the project's {noise.epsilon_total} spent"
    return f"{told}; {budget}; not audited against earlier tables"


def history_lines(audit: HistoryAudit) -> list[str]:
    """What the audit against earlier tables came to, for people."""
    before = f"audited after {audit.releases} earlier tables about {audit.sets} sets of people:"
    hidden = f"{audit.withheld} cells hidden that are large enough, {audit.groups} small groups protected"
    mean = f"{_percent(audit.leverage_mean)} on average (limit {_percent(audit.leverage_mean_limit)})"
    top = f"{_percent(audit.leverage_top1)} at the top (limit {_percent(audit.leverage_top1_limit)})"
    lines = [before, hidden, f"leverage {mean}, {top}"]
    lines += [_otherwise(each) for each in audit.outcomes if each.told_otherwise]
    if audit.over_budget:
        lines.append("OVER BUDGET: together with earlier tables this one lets more be learnt than intended")
        lines += [_share(each) for each in audit.outcomes]
    if audit.groups_known_before:
        lines.append(f"{audit.groups_known_before} small groups follow from earlier tables alone")
    return lines


def _otherwise(outcome: OutcomeLeverage) -> str:
    return (
        f"COUNTED OTHERWISE BEFORE: {_names(outcome)} over {outcome.told_otherwise} of these sets of people, "
        f"in up to {outcome.ways} ways of one set"
    )


def _share(outcome: OutcomeLeverage) -> str:
    learnt = f"{_percent(outcome.mean)} on average, {_percent(outcome.top1)} at the top"
    return f"  {_names(outcome)}: {learnt}, over {outcome.sets} sets of people"


def _names(outcome: OutcomeLeverage) -> str:
    first, *others = outcome.outcomes
    return f"{first} and {len(others)} more" if others else first


def suppression_lines(audit: TableAudit | None) -> list[str]:
    """What the audit of the table by itself came to, for people; of a table that rounds there is none."""
    if audit is None:
        return []
    hidden = f"{audit.hidden} numbers hidden, {audit.secondary} of them large enough"
    return [
        f"{hidden}; {audit.determined} determined, {audit.undecided} undecided",
        f"confirmed by {audit.witnesses} other tables in whole numbers, {audit.programs} programs solved",
    ]


def excluded_lines(excluded: Sequence[PersonsBy]) -> list[str]:
    """What became of everybody whom the registry has in the period; exact, and not part of the release."""
    if not excluded:
        return []
    lines = [f"  {each.persons} {EXCLUSIONS[each.reason]}" for each in excluded]
    return ["People with a first diagnosis in the period, exactly, for you alone:", *lines]


def linkage_lines(linkage: LinkageOfDataSets | None) -> list[str]:
    """What would leave of the linkage worker's figures beside the table, for people."""
    tables = of_linkage(linkage).tables if linkage is not None else ()
    return [
        f"{table.title}: {row.label}: {' / '.join(figure.text for figure in row.figures)}"
        for table in tables
        for row in table.rows
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """Every digit: a checker compares the numbers themselves."""
    return "" if value is None else str(int(value)) if value == int(value) else str(value)
