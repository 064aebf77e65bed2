"""What an attacker may ask: a cohort by conditions, broken down, as a researcher's specification would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.cohort import Cohort, Register, Secret
from linkage_engine.laboratory.disclosure.planned import Breakdown


@dataclass(frozen=True)
class Condition:
    """People of any of some categories of a breakdown."""

    breakdown: Breakdown
    among: frozenset[int]


@dataclass(frozen=True)
class Question:
    """Whom it is about, by what they are told apart, what is counted of them, and in which delivery."""

    where: tuple[Condition, ...] = ()
    by: tuple[Breakdown, ...] = ()
    about: Secret = Secret.OUTCOMES
    delivery: int = 0

    def whom(self, register: Register) -> Persons:
        """Everybody who fulfils all conditions."""
        whom = register.present(self.delivery)
        for each in self.where:
            whom = whom[np.isin(register.codes[each.breakdown][whom], sorted(each.among))]
        return whom


def cells_of(question: Question, register: Register) -> Iterator[tuple[tuple[str, ...], Persons]]:
    """Every cell, margins and empty ones too, with its people: which there are follows from the question."""
    whom = question.whom(register)
    codes = [register.codes[each][whom] for each in question.by]
    for labels in product(*([TOTAL, *map(str, range(each.categories))] for each in question.by)):
        inside = np.ones(whom.size, dtype=np.bool_)
        for code, label in zip(codes, labels, strict=True):
            if label != TOTAL:
                inside &= code == int(label)
        yield labels, whom[inside]


def exact_table(question: Question, cohort: Cohort) -> ExactTable:
    """The answer before control: of each cell its people, and of each column of the secret who counts."""
    columns = cohort.secrets[question.about]
    names = part_names(question.about, len(columns))
    events = question.about is Secret.STAYS

    def cell(labels: tuple[str, ...], people: Persons) -> ExactCell:
        values = columns[:, people]
        parts = {name: people[row > 0] for name, row in zip(names, values, strict=True)}
        sums = dict(zip(names, values.sum(axis=1).tolist(), strict=True)) if events else {}
        return ExactCell(labels, people, parts, events=sums)

    return ExactTable(
        title="People",
        template="attack",
        dimensions=tuple(f"{each.variable}_{each.categories}" for each in question.by),
        measures=measures(question.about, len(columns)),
        cells=tuple(cell(*each) for each in cells_of(question, cohort.register)),
    )


def part_names(about: Secret, columns: int) -> tuple[str, ...]:
    """The names of what is counted."""
    return tuple(f"{about.value}_{number}" for number in range(columns))


def measures(about: Secret, columns: int) -> tuple[PlannedMeasure, ...]:
    """The people of a cell, then one number for each column of the secret."""
    statistic = Statistic.EVENTS if about is Secret.STAYS else Statistic.COUNT
    people = PlannedMeasure(name="people", title="People", unit="persons", statistic=Statistic.POPULATION)
    return (
        people,
        *(
            PlannedMeasure(name=name, title=name, unit=statistic.value, statistic=statistic, part=name)
            for name in part_names(about, columns)
        ),
    )
