"""Tables of people with a place in each dimension, margins and all, as questions make them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, PlannedMeasure
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import Decided, decide
from tests.unit.disclosure.tables import MEASURES, PROVENANCE

ACRO = Policy.from_json(policy_text("acro-default"))
BEGINNING = Past()
Labels = tuple[str, ...]
Groups = Mapping[Labels, tuple[int, int]]
"""For each cell that is no margin how many people, and how many of them are counted."""


def acro(**parts: Mapping[str, object]) -> Policy:
    """The policy with some figures of its parts changed."""
    text = json.loads(policy_text("acro-default"))
    for name, changes in parts.items():
        text[name] |= changes
    return Policy.from_json(json.dumps(text))


def of_groups(
    groups: Groups,
    *,
    impossible: Iterable[Labels] = (),
    start: int = 0,
    measures: tuple[PlannedMeasure, ...] = MEASURES,
) -> ExactTable:
    """The table of these groups with every margin."""
    dimensions = len(next(iter(groups), ()))
    people: dict[Labels, list[int]] = {}
    counted: set[int] = set()
    for labels, (size, inside) in groups.items():
        people[labels] = list(range(start, start + size))
        counted |= set(range(start, start + inside))
        start += size
    ways = [dict.fromkeys([*(labels[at] for labels in groups), "Total"]) for at in range(dimensions)]
    cells = tuple(
        _cell(labels, people, counted, applicable=labels not in set(impossible)) for labels in product(*ways)
    )
    return ExactTable("People", "prevalence", ("sex", "age_band", "area")[:dimensions], measures, cells)


def _cell(
    labels: Labels, people: Mapping[Labels, Sequence[int]], counted: set[int], *, applicable: bool
) -> ExactCell:
    inside = [
        person
        for own, group in people.items()
        if all(label in (at, "Total") for at, label in zip(own, labels, strict=True))
        for person in group
    ]
    whom = np.array(sorted(inside), dtype=np.int32)
    part = np.array(sorted(counted.intersection(inside)), dtype=np.int32)
    return ExactCell(labels, whom, {"numerator": part}, applicable=applicable)


def decided(table: ExactTable, past: Past = BEGINNING, *, policy: Policy = ACRO) -> Decided:
    return decide(past, table, policy, provenance=PROVENANCE, generator=np.random.default_rng(1))


def shown(table: ControlledTable, measure: int) -> dict[Labels, float | None]:
    """What stands in each cell, nothing where it is hidden."""
    return {row.labels: row.values[measure].value for row in table.rows}


def statuses(table: ControlledTable, labels: Labels) -> list[CellStatus]:
    return next([value.status for value in row.values] for row in table.rows if row.labels == labels)
