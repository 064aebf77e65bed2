"""From the statements' rows to the cells of emergency care after diagnosis, and to those compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown, EventKind
from linkage_engine.query.emergency_sql import statements
from linkage_engine.query.plan import EmergencyPlan
from linkage_engine.query.raw_table import Persons, RawCell, RawReference, RawTable, Tally
from linkage_engine.query.sql import Statement

_PLACE = (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)
_Key = tuple[str, ...]
"""Labels of the four dimensions, asked for or not; a margin is called `Total`."""

_COLUMNS: Mapping[EventKind, tuple[str, str]] = {
    EventKind.EMERGENCY_ADMISSION: ("admissions", "admission_persons"),
    EventKind.EMERGENCY_ATTENDANCE: ("attendances", "attendance_persons"),
}
"""Where the statements put events, and the people they happened to."""


@dataclass(frozen=True)
class _Happened:
    people: Persons
    parts: Mapping[str, Persons]
    events: Mapping[str, int]


def emergency(plan: EmergencyPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is at risk in every cell, for how long and what happened; the same by stratum for the others."""
    asked = statements(plan)
    happened = _happened(ask(asked.people), plan.kinds)
    days = _days(ask(asked.days), plan)
    nobody = _Happened(
        people=_NOBODY,
        parts={kind.value: _NOBODY for kind in plan.kinds},
        events={kind.value: 0 for kind in plan.kinds},
    )
    cells = []
    for labels in plan.cells():
        key = tuple(plan.label(labels, breakdown) for breakdown in _PLACE)
        found = happened.get(key, nobody)
        cells.append(
            RawCell(
                labels=labels,
                population=found.people,
                parts=found.parts,
                applicable=plan.applies(labels),
                events=found.events,
                days=days[key],
            )
        )
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=tuple(kind.value for kind in plan.kinds),
        cells=tuple(cells),
        reference=_reference(ask(asked.others), plan),
    )


def _happened(rows: pa.Table, kinds: tuple[EventKind, ...]) -> dict[_Key, _Happened]:
    people = _lists(rows["persons"])
    parts = {kind.value: _lists(rows[_COLUMNS[kind][1]]) for kind in kinds}
    events = {kind.value: rows[_COLUMNS[kind][0]].to_pylist() for kind in kinds}
    return {
        key: _Happened(
            people=people[row],
            parts={name: lists[row] for name, lists in parts.items()},
            events={name: sums[row] for name, sums in events.items()},
        )
        for row, key in enumerate(_keys(rows))
    }


def _days(rows: pa.Table, plan: EmergencyPlan) -> Mapping[_Key, Tally]:
    place = {stratum: number for number, stratum in enumerate(plan.strata)}
    tallies: defaultdict[_Key, Tally] = defaultdict(lambda: np.zeros(len(place), dtype=np.int64))
    strata = zip(*(rows[name].to_pylist() for name in ("stratum_sex", "stratum_age", "days")), strict=True)
    for key, (sex, age, days) in zip(_keys(rows), strata, strict=True):
        tallies[key][place[sex, age]] = days
    return tallies


def _reference(rows: pa.Table, plan: EmergencyPlan) -> RawReference:
    place = {stratum: number for number, stratum in enumerate(plan.strata)}
    found = [
        place[key]
        for key in zip(rows["stratum_sex"].to_pylist(), rows["stratum_age"].to_pylist(), strict=True)
    ]

    def tally(column: str) -> Tally:
        numbers = np.zeros(len(place), dtype=np.int64)
        numbers[found] = rows[column].to_numpy()
        return numbers

    return RawReference(
        sexes=len(plan.template.sexes),
        persons=tally("persons"),
        days=tally("days"),
        events={kind.value: tally(_COLUMNS[kind][0]) for kind in plan.kinds},
    )


def _keys(rows: pa.Table) -> list[_Key]:
    columns = zip(*(rows[breakdown.value].to_pylist() for breakdown in _PLACE), strict=True)
    return [tuple(TOTAL if label is None else label for label in labels) for labels in columns]


def _lists(column: pa.ChunkedArray) -> list[Persons]:
    """The lists of a column; nobody where there is none."""
    items = (item for chunk in column.chunks for item in chunk)
    return [
        np.asarray(item.values.to_numpy(), dtype=np.int32) if item.is_valid else _NOBODY for item in items
    ]


_NOBODY: Persons = np.empty(0, dtype=np.int32)
