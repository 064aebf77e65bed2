"""Tables for differential privacy: people with labels, and the table that a question would make of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence

import numpy as np

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.differential_privacy.span import Structure
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure.tables import MEASURES

PREVALENCE = Structure(
    frozenset(analysis_template("prevalence").one_label),
    frozenset(analysis_template("prevalence").population_by),
)
GROUPS, SEXES, AGES = ("breast", "lung", "skin", "bowel"), ("Female", "Male"), ("0 to 49", "50 and over")
LABELS = {"tumour_group": GROUPS, "sex": SEXES, "age_band": AGES}


class Person:
    """Somebody of a sex and an age band, with first diagnoses in some groups."""

    def __init__(self, sex: str, age: str, groups: Sequence[str] = ()) -> None:
        self.labels: Mapping[str, str] = {"sex": sex, "age_band": age}
        self.groups = frozenset(groups)

    def is_in(self, dimensions: Sequence[str], labels: Sequence[str]) -> bool:
        """Whether the population of a cell holds them."""
        asked = dict(zip(dimensions, labels, strict=True))
        return all(asked.get(name, TOTAL) in {TOTAL, label} for name, label in self.labels.items())

    def is_counted(self, dimensions: Sequence[str], labels: Sequence[str]) -> bool:
        """Whether the part of a cell holds them."""
        group = dict(zip(dimensions, labels, strict=True)).get("tumour_group", TOTAL)
        return self.is_in(dimensions, labels) and bool(
            self.groups if group == TOTAL else group in self.groups
        )


def table_of_people(people: Sequence[Person], dimensions: Sequence[str]) -> ExactTable:
    """Prevalence of these people, every margin with it."""
    cells = []
    for labels in itertools.product(*((*LABELS[name], TOTAL) for name in dimensions)):
        inside = [n for n, person in enumerate(people) if person.is_in(dimensions, labels)]
        counted = [n for n in inside if people[n].is_counted(dimensions, labels)]
        cells.append(
            ExactCell(
                labels, np.array(inside, dtype=np.int32), {"numerator": np.array(counted, dtype=np.int32)}
            )
        )
    return ExactTable("People", "prevalence", tuple(dimensions), MEASURES, tuple(cells))


def a_dashboard(**dp: object) -> Policy:
    """The policy with differential privacy, with another budget."""
    text = json.loads(policy_text("public-dashboard"))
    text["dp"] |= dp
    return Policy.from_json(json.dumps(text))
