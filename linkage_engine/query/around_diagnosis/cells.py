"""From the statements' rows to the cells of an answer, and to those compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import AT_RISK
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan
from linkage_engine.query.around_diagnosis.statements import statements
from linkage_engine.query.raw_table import Persons, RawCell, RawReference, RawTable, Tally
from linkage_engine.query.sets import NOBODY, Key, keys, people_in, people_of
from linkage_engine.query.sql import Statement

WHO = (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)
_IN_PERIODS = (*WHO, Breakdown.PERIOD)
_Happened = tuple[Persons, int]
"""To whom events happened, and how many there were."""


def around_diagnosis(plan: AroundDiagnosisPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is a case in every cell, for how long at risk, and what happened; by stratum also of the others.

    Along periods the people are the same; what happened to them and their days are those of the period.
    """
    asked = statements(plan)
    people = people_in(ask(asked.people), WHO)
    present = people_in(ask(asked.present), _IN_PERIODS) if AT_RISK in plan.parts else {}
    happened = _happened(ask(asked.happened))
    days = _days(ask(asked.days), plan)
    cells = []
    for labels in plan.cells():
        who = tuple(plan.label(labels, breakdown) for breakdown in WHO)
        when = (*who, plan.label(labels, Breakdown.PERIOD))
        found = {kind.value: happened.get((*when, kind.value), _NOTHING) for kind in plan.kinds}
        at_risk = {AT_RISK: present.get(when, NOBODY)} if AT_RISK in plan.parts else {}
        cells.append(
            RawCell(
                labels=labels,
                population=people.get(who, NOBODY),
                parts=at_risk | {name: persons for name, (persons, _) in found.items()},
                applicable=plan.applies(labels),
                events={name: count for name, (_, count) in found.items()},
                days=days[when],
            )
        )
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=plan.parts,
        cells=tuple(cells),
        reference=_reference(ask(asked.others), plan),
    )


def _happened(rows: pa.Table) -> dict[Key, _Happened]:
    told = zip(keys(rows, _IN_PERIODS), rows["kind"].to_pylist(), strict=True)
    found = zip(people_of(rows["persons"]), rows["events"].to_pylist(), strict=True)
    return {(*key, kind): each for (key, kind), each in zip(told, found, strict=True)}


def _days(rows: pa.Table, plan: AroundDiagnosisPlan) -> Mapping[Key, Tally]:
    place = {stratum: number for number, stratum in enumerate(plan.strata)}
    tallies: defaultdict[Key, Tally] = defaultdict(lambda: np.zeros(len(place), dtype=np.int64))
    strata = zip(*(rows[name].to_pylist() for name in ("stratum_sex", "stratum_age", "days")), strict=True)
    for key, (sex, age, days) in zip(keys(rows, _IN_PERIODS), strata, strict=True):
        tallies[key][place[sex, age]] = days
    return tallies


def _reference(rows: pa.Table, plan: AroundDiagnosisPlan) -> RawReference:
    place = {stratum: number for number, stratum in enumerate(plan.strata)}
    tallies: defaultdict[str | None, Tally] = defaultdict(lambda: np.zeros(len(place), dtype=np.int64))
    persons, days = (np.zeros(len(place), dtype=np.int64) for _ in range(2))
    for row in rows.to_pylist():
        stratum = place[row["stratum_sex"], row["stratum_age"]]
        tallies[row["kind"]][stratum] = row["events"]
        if row["kind"] is None:
            persons[stratum], days[stratum] = row["persons"], row["days"]
    return RawReference(
        sexes=len(plan.template.sexes),
        persons=persons,
        days=days,
        events={kind.value: tallies[kind.value] for kind in plan.kinds},
    )


_NOTHING: _Happened = NOBODY, 0
