"""Pre-flight and decision agree, and a pre-flight is a function of who is in which cell, nothing else."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import TOTAL, CellStatus
from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.refusals import QueryRefused
from linkage_engine.disclosure.admission.columns import digest, to_columns
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.preflight import foresee
from linkage_engine.disclosure.release import Decided, decide
from tests.unit.disclosure.tables import DEFAULT, DENOMINATOR, MEASURES, PROVENANCE

PERSONS, AGES, AREAS = 300, 6, 4
WIDER = {f"{age}": f"{age // 2 * 2} on" for age in range(AGES)}
NESTED = {"wider": WIDER}


class Cohort:
    """People with an age and an area each, and an outcome that no cell is made by."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.age = self.chance.choice(AGES, PERSONS, p=[0.35, 0.25, 0.2, 0.1, 0.06, 0.04])
        self.area = self.chance.choice(AREAS, PERSONS, p=[0.5, 0.3, 0.15, 0.05])
        self.outcome = self.chance.random(PERSONS) < self.chance.random()

    def table(self, among: np.ndarray, *, ages: str = "age", areas: bool = True) -> ExactTable:
        """Age, wider age or none, by area or not, with all margins, of some of the people."""
        age = {
            "age": self.age.astype(str),
            "wider": np.array([WIDER[f"{n}"] for n in self.age]),
            "none": None,
        }
        asked = {"age_band": age[ages], "area": self.area.astype(str) if areas else None}
        chosen = {name: values for name, values in asked.items() if values is not None}
        labels = product(*((*sorted(set(values)), TOTAL) for values in chosen.values()))
        cells = []
        for each in labels:
            here = among.copy()
            for label, values in zip(each, chosen.values(), strict=True):
                here &= (values == label) | (label == TOTAL)
            people = np.flatnonzero(here).astype(np.int32)
            cells.append(ExactCell(each, people, {"numerator": people[self.outcome[people]]}))
        return ExactTable("People", "prevalence", tuple(chosen), MEASURES, tuple(cells))

    def variants(self, count: int) -> list[np.ndarray]:
        """Nearly everybody, again and again: what somebody asks who wants to subtract."""
        return [self.chance.random(PERSONS) < self.chance.choice([0.9, 0.98, 0.995]) for _ in range(count)]


def foreseen(state: State, table: ExactTable) -> Preflight:
    return foresee(state, table, DEFAULT, coarser=NESTED, generator=np.random.default_rng(1))


def decided(past: Past, table: ExactTable) -> Decided:
    return decide(past, table, DEFAULT, provenance=PROVENANCE, generator=np.random.default_rng(2))


def hidden_whole(done: Decided) -> int:
    return sum(row.values[DENOMINATOR].status is CellStatus.CONFIDENTIAL for row in done.table.rows)


@pytest.mark.parametrize("seed", range(4))
def test_a_preflight_says_what_the_decision_then_hides(seed: int) -> None:
    """Of the question and of every coarser one, after any history; what the gate refuses is passed over."""
    cohort, past, compared = Cohort(seed), Past(), 0
    for among in cohort.variants(3):
        table = cohort.table(among)
        told = foreseen(past.state, table)
        questions = (
            table,
            cohort.table(among, ages="wider"),
            cohort.table(among, ages="none"),
            cohort.table(among, areas=False),
        )
        for each, asked in zip((told.asked, *told.coarser), questions, strict=True):
            try:
                done = decided(past, asked)
            except QueryRefused:
                continue
            assert (each.cells, each.hidden) == (len(done.table.rows), hidden_whole(done))
            compared += 1
        past = decided(past, table).after
    assert compared >= 9


@pytest.mark.parametrize("variants", [150, pytest.param(3_000, marks=pytest.mark.deep)])
def test_any_number_of_preflights_is_the_same_bytes_whatever_the_outcomes_and_leaves_no_trace(
    variants: int,
) -> None:
    """Two worlds that differ in every outcome: whoever asks as often as he likes cannot tell which is his."""
    here, there = Cohort(1), Cohort(1)
    there.outcome = ~there.outcome
    everybody = np.ones(PERSONS, dtype=np.bool_)
    nothing = Past()
    states = [decided(nothing, each.table(everybody)).state for each in (here, there)]
    before = [digest(to_columns(state)) for state in states]
    assert before[0] == before[1]
    seen = set()
    for among in here.variants(variants):
        told = [
            foreseen(state, each.table(among, areas=False)).asked.to_json()
            for state, each in zip(states, (here, there), strict=True)
        ]
        assert told[0] == told[1]
        seen.add(told[0])
    assert len(seen) > 1
    assert [digest(to_columns(state)) for state in states] == before
