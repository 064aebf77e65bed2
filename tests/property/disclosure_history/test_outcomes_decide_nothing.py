"""Decisions read classification sets: a flipped outcome changes none of them, through all of `decide`."""

from __future__ import annotations

from inspect import signature

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import TOTAL, ControlledTable
from linkage_engine.contract.evidence import HistoryAudit
from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.columns import digest
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.past import Past, to_columns
from linkage_engine.disclosure.release import decide
from tests.unit.disclosure.tables import DEFAULT, DENOMINATOR, MEASURES, PROVENANCE

VARIABLES = {"sex": 2, "age_band": 4, "tumour_group": 5, "care_board": 3}
ASKED = (("sex", "age_band"), ("age_band",), ("tumour_group", "sex"), ("care_board", "sex"))
FLIPS = 10
"""Of one history: so many people's outcomes, one after the other."""
QUICK, DEEP = 60, 1_000

Codes = dict[str, np.ndarray]
Decisions = tuple[str, HistoryAudit, tuple[object, ...]]


def a_table(codes: Codes, dimensions: tuple[str, ...], counted: np.ndarray) -> ExactTable:
    """All margins of the dimensions; of each cell those are counted whose outcome says so."""
    cells = []
    for place in np.ndindex(*(VARIABLES[each] + 1 for each in dimensions)):
        within = np.ones(counted.size, dtype=np.bool_)
        for name, code in zip(dimensions, place, strict=True):
            within &= (codes[name] == code) | (code == VARIABLES[name])
        labels = tuple(
            TOTAL if code == VARIABLES[name] else f"{code}"
            for name, code in zip(dimensions, place, strict=True)
        )
        people = np.flatnonzero(within).astype(np.int32)
        cells.append(ExactCell(labels, people, {"numerator": people[counted[people]]}))
    return ExactTable("People", "prevalence", dimensions, MEASURES, tuple(cells))


def decisions(codes: Codes, counted: np.ndarray) -> list[Decisions]:
    """Of every table in turn: the state kept, what checkers are told, whose populations are told."""
    past, made = Past(), list[Decisions]()
    for number, dimensions in enumerate(ASKED, start=1):
        random = np.random.default_rng(number)
        done = decide(
            past, a_table(codes, dimensions, counted), DEFAULT, provenance=PROVENANCE, generator=random
        )
        made.append((digest(to_columns(done.after)), done.audit, _populations(done.table)))
        past = done.after
    return made


def _populations(table: ControlledTable) -> tuple[object, ...]:
    return tuple(row.values[DENOMINATOR] for row in table.rows)


def changed(trials: int) -> int:
    """How many of so many flips of one person's outcome changed any decision."""
    found = 0
    for history in range(trials // FLIPS):
        random = np.random.default_rng([history, 6])
        persons = int(random.integers(60, 300))
        codes = {name: random.integers(0, count, persons) for name, count in VARIABLES.items()}
        counted = random.random(persons) < random.random()
        before = decisions(codes, counted)
        for person in random.choice(persons, FLIPS, replace=False):
            flipped = counted.copy()
            flipped[person] ^= True
            found += decisions(codes, flipped) != before
    return found


def test_a_flipped_outcome_changes_no_decision() -> None:
    assert changed(QUICK) == 0


@pytest.mark.deep
def test_a_thousand_flipped_outcomes_change_no_decision() -> None:
    assert changed(DEEP) == 0


def test_a_decision_that_looks_at_outcomes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted people handed to admission as if they were a population."""
    whole = ExactCell.__post_init__

    def peeking(cell: ExactCell) -> None:
        object.__setattr__(cell, "population", cell.parts["numerator"])
        whole(cell)

    monkeypatch.setattr(ExactCell, "__post_init__", peeking)
    assert changed(FLIPS) > 0


def test_admission_is_given_sets_alone() -> None:
    assert list(signature(admit).parameters) == ["state", "table", "threshold", "generator"]
