"""Decisions read classification sets: a flipped outcome changes none."""

from __future__ import annotations

from inspect import signature

import numpy as np

from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.state import nothing_released
from linkage_engine.disclosure.admission.table import Decision
from linkage_engine.laboratory.disclosure.planned import Breakdown, Planned, cohort, table_of

PERSONS = 400


def decisions(people: dict[Breakdown, np.ndarray]) -> list[tuple[Decision, ...]]:
    state, told = nothing_released(), list[tuple[Decision, ...]]()
    for each in (("sex", 2), ("age", 9)), (("sex", 2), ("stage", 2)), (("age", 3), ("year", 5)):
        wanted = Planned(tuple(Breakdown(*band) for band in each), None)
        done = admit(state, table_of(people, wanted), threshold=10, generator=np.random.default_rng(1))
        state = done.state
        told.append(done.decisions)
    return told


def test_a_flipped_outcome_changes_no_decision() -> None:
    """An outcome is a variable that no table is broken down by: admission is never given it."""
    people = cohort(PERSONS, np.random.default_rng(1))
    died = np.random.default_rng(2).integers(0, 2, PERSONS)
    before = decisions(people | {Breakdown("died", 2): died})
    for person in range(3):
        died[person] = 1 - died[person]
        assert decisions(people | {Breakdown("died", 2): died}) == before


def test_admission_is_given_sets_alone() -> None:
    assert list(signature(admit).parameters) == ["state", "table", "threshold", "generator"]
