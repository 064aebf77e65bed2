"""A checker's evidence in plain words: the reasons, how questions differ, what to look at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.earlier import AlikeCount, EarlierTable, Whole
from linkage_engine.contract.evidence import Evidence, HistoryAudit, Reason
from linkage_engine.contract.excluded import Exclusion, Oddity
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.contract.value import RandomId

SUMMARY_LINES = 10
WORDS: Mapping[Reason, str] = {
    Reason.TOO_FEW: "too few",
    Reason.COMPLEMENT: "too few others",
    Reason.HISTORY: "history",
    Reason.REFERENCE: "too few to compare with",
    Reason.RULE: "rule of the statistic",
    Reason.OTHER_CELLS: "for other cells",
    Reason.NOISE: "by its noise",
    Reason.NOT_APPLICABLE: "not applicable",
    Reason.UNAVAILABLE: "not available",
}
LIES: Mapping[Whole, str] = {
    Whole.SAME: "about the same people",
    Whole.NEAR: "about the same people but a few",
    Whole.WITHIN: "about all of these people and more",
    Whole.CONTAINS: "about part of these people",
    Whole.OVERLAPS: "about some of these people",
    Whole.APART: "about other people",
    Whole.UNTOLD: "of one of them no population is told",
}

EXCLUSIONS: Mapping[Exclusion | Oddity, str] = {
    Exclusion.COUNTED: "counted",
    Exclusion.DIED_BEFORE_DIAGNOSIS: "not counted: the death is dated before the diagnosis",
    Exclusion.ON_NO_LIST: "not counted: no registration is linked to the tumour",
    Exclusion.AFTER_THE_DATA: "not counted: diagnosed when the data on events have ended",
    Exclusion.NOT_LISTED_THAT_DAY: "not counted: no registration covers the day",
    Exclusion.NOT_ALIVE_THAT_DAY: "not counted: died by the day",
    Exclusion.BORN_LATER: "not counted: by the registration born later, or in no year",
    Exclusion.SEX_UNKNOWN_TO_THE_TEMPLATE: "not counted: a sex that the template has no label for",
    Exclusion.OTHERWISE: "not counted, for no reason that is known: ask the operator",
    Oddity.SEVERAL_DEATHS: "of those counted, with deaths of several days: the first counts",
    Oddity.AREA_OUTSIDE_THE_HIERARCHY: "of those counted, with no area of the hierarchy: in the total alone",
    Oddity.AT_NO_TRUST: "of those counted, with no record of care that tells a trust: in the total alone",
}
"""What became of people with a first diagnosis in the period."""


def summary(evidence: Evidence) -> list[str]:
    """At most ten lines: what to look at first comes first."""
    lines = [*_alarms(evidence), *_facts(evidence)]
    return [f"{number}. {line}" for number, line in enumerate(lines[:SUMMARY_LINES], start=1)]


def _alarms(evidence: Evidence) -> Iterator[str]:
    audit, earlier = evidence.history, evidence.earlier
    told = [each for each in earlier.alike if each.told]
    if told:
        yield (
            f"LOOK FIRST: {_counted(len(told), 'count')} told here and told before of nearly the same people "
            f"{'differs' if len(told) == 1 else 'differ'} by fewer people than the policy protects; "
            f"the nearest: {_alike(told[0])}"
        )
    if audit.over_budget:
        yield "OVER BUDGET: together with earlier tables this one lets more be learnt than intended"
    yield from _otherwise(audit)
    if earlier.withheld:
        worst = min(earlier.withheld, key=lambda each: each.people)
        partners = sorted({_short(cell.release_id) for cell in worst.cells})
        beside = f" (with {', '.join(partners)})" if partners else " (with cells of this table)"
        yield (
            f"{_counted(audit.withheld, 'cell')} hidden by history; "
            f"{_labels(worst.labels)} would give {_counted(worst.people, 'person', 'people')} away{beside}"
        )
    elif audit.withheld:
        yield f"{_counted(audit.withheld, 'cell')} hidden by history: no single earlier cell explains it"
    if earlier.near_found:
        tables = len({each.other.release_id for each in earlier.near})
        yield (
            f"{_counted(earlier.near_found, 'population')} differ by few people from one that "
            f"{_counted(tables, 'earlier table')} told: a differencing attempt, or a date moved a little"
        )
    if audit.groups_known_before:
        yield (
            f"{_counted(audit.groups_known_before, 'small group')} follow from earlier tables alone: "
            "no fault of this one"
        )
    if earlier.alike_tables_left:
        yield (f"counts of {_counted(earlier.alike_tables_left, 'older table')} were not compared by person")


def _otherwise(audit: HistoryAudit) -> Iterator[str]:
    counted = [each for each in audit.outcomes if each.told_otherwise]
    if counted:
        most = max(counted, key=lambda each: each.told_otherwise)
        over = f"{most.told_otherwise} of these sets of people, in up to {most.ways} ways of one set"
        yield f"COUNTED OTHERWISE BEFORE: {most.outcomes[0]} over {over}"


def _facts(evidence: Evidence) -> Iterator[str]:
    audit, earlier, record = evidence.history, evidence.earlier, evidence.table.record
    mean, top = 100 * audit.leverage_mean, 100 * audit.leverage_top1
    yield (
        f"learnt of a yes or no about a person by all tables together: {mean:.1f} % on average "
        f"(limit {100 * audit.leverage_mean_limit:.1f} %), {top:.1f} % at the top "
        f"(limit {100 * audit.leverage_top1_limit:.1f} %)"
    )
    why = ", ".join(f"{WORDS[reason]} {cells}" for reason, cells in _hidden(evidence).most_common())
    hidden = sum(any(value.status in _WITHHELD for value in row.values) for row in evidence.table.rows)
    yield f"{hidden} of {record.cells} cells have something hidden" + (f": {why}" if why else "")
    if not audit.releases:
        yield "the first table of its project: there is nothing to subtract it from"
        return
    yield (
        f"{_counted(audit.releases, 'table')} decided before; {earlier.tables_that_matter} of them tell of "
        "people or cells of this one"
    )
    if earlier.tables:
        nearest = earlier.tables[0]
        yield f"most alike: {table_line(nearest, evidence.question)}"


_WITHHELD = frozenset({CellStatus.CONFIDENTIAL, CellStatus.LOW, CellStatus.HIGH})
"""What stands for a number that was not told."""


def _hidden(evidence: Evidence) -> Counter[Reason]:
    """In how many cells each reason hides something; a cell counts once for each."""
    counted: Counter[Reason] = Counter()
    for row in evidence.reasons:
        counted.update({reason for reason in row if reason is not None})
    return counted


def table_line(table: EarlierTable, question: SignedQuestion) -> str:
    """An earlier table: which, whose, when, about whom, and how its question differs."""
    asked = table.question
    differs = "; ".join(differences(asked, question)) or "the same question"
    return (
        f"{_short(table.release_id)} asked by {asked.asked_by} on {asked.asked_at:%d %B %Y}, "
        f"{LIES[table.whole]}: {differs}"
    )


def differences(there: SignedQuestion, here: SignedQuestion) -> list[str]:
    """How an earlier question differs from a new one, part by part: `lookback_years 21, here 20`."""
    one, other = _flat(there.specification), _flat(here.specification)
    names = [*one, *(name for name in other if name not in one)]
    return [
        f"{name} {one.get(name, 'none')}, here {other.get(name, 'none')}"
        for name in names
        if one.get(name) != other.get(name)
    ]


def _flat(specification: Any) -> dict[str, str]:  # noqa: ANN401  # one of several specifications
    fields = specification.model_dump(mode="json")
    parameters = fields.pop("parameters")
    return {name: _value(value) for name, value in {**fields, **parameters}.items()}


def _value(value: object) -> str:
    if value is None:
        return "all"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _alike(each: AlikeCount) -> str:
    people = _counted(each.differ, "person", "people")
    other = f"{each.other_measure} of {each.other.key or 'all'} in {_short(each.other.release_id)}"
    return f"{each.measure} of {_labels(each.labels)} differs by {people} from {other}"


def _labels(labels: tuple[str, ...]) -> str:
    return " / ".join(labels) or "the only cell"


def _short(release_id: RandomId) -> str:
    """Enough of a release's id to find it in the list below the summary."""
    return f"...{release_id[-8:]}"


def earlier_lines(evidence: Evidence) -> list[str]:
    """The earlier tables that matter most, and the pairs of counts and of cells that are nearly the same."""
    looked = evidence.earlier
    lines = [table_line(table, evidence.question) + _told_of(table) for table in looked.tables]
    lines += [f"alike: {_alike(each)}" + ("" if each.told else " (hidden here)") for each in looked.alike]
    lines += [
        f"near: {_labels(each.labels)} has {each.here_only} more and {each.there_only} fewer people than "
        f"{each.other.key or 'all'} in {_short(each.other.release_id)}"
        + ("" if each.told else " (hidden here)")
        for each in looked.near
    ]
    return lines


def _told_of(table: EarlierTable) -> str:
    """What an earlier table has in common with the new one."""
    parts = {
        "cells of the same people": table.same,
        "of nearly the same": table.near,
        "counts alike": table.alike,
        "cells hidden because of it": table.withheld,
    }
    said = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    return f" [{said}]" if said else ""


def _counted(count: int, thing: str, things: str | None = None) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {things or thing + 's'}"
