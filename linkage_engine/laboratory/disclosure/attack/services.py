"""Whom attackers ask: the shipped control, a threshold and nothing more, a control broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.contract.refusals import QueryRefused
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.history.sets import Floats
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import decide
from linkage_engine.laboratory.disclosure.attack.answer import Answer, Meaning, Statuses
from linkage_engine.laboratory.disclosure.attack.cohort import Cohort, Secret
from linkage_engine.laboratory.disclosure.attack.question import Question, exact_table
from linkage_engine.laboratory.disclosure.attack.rules_known import EXACT, PROVENANCE, RulesKnown


@dataclass
class ThresholdOnly:
    """Exact counts of everybody and of anything that is at least ten, whatever was told before."""

    cohort: Cohort
    threshold: int = 10

    def ask(self, question: Question) -> Answer:
        """Never a refusal."""
        cells = exact_table(question, self.cohort).cells
        columns = self.cohort.secrets[question.about]
        rows = [[cell.population.size, *columns[:, cell.population].sum(axis=1).tolist()] for cell in cells]
        values = np.array(rows, dtype=np.float64)
        hidden = (values < self.threshold) | (values[:, :1] < self.threshold)
        values[hidden] = np.nan
        return Answer(
            labels=tuple(cell.labels for cell in cells),
            values=values,
            statuses=np.where(hidden, CellStatus.CONFIDENTIAL.value, CellStatus.SHOWN.value),
        )

    def meaning(self, _about: Secret, _people: int, values: Floats, _statuses: Statuses, /) -> Meaning:
        """What is told is so."""
        return Meaning(np.nan_to_num(values), np.where(np.isnan(values), np.inf, EXACT))


Decides = Callable[[Past, ExactTable, Policy, np.random.Generator], tuple[ControlledTable, Past]]
"""A table after everything that was decided before, and what was decided with it; or `QueryRefused`."""


def remembering(
    past: Past, exact: ExactTable, policy: Policy, generator: np.random.Generator
) -> tuple[ControlledTable, Past]:
    """The shipped control, without its comparison of cohorts, which would only refuse more."""
    done = decide(past, exact, policy, provenance=PROVENANCE, generator=generator)
    return done.table, done.after


def forgetting(
    past: Past, exact: ExactTable, policy: Policy, generator: np.random.Generator
) -> tuple[ControlledTable, Past]:
    """Broken on purpose: rules and rounding, but every cell is admitted and the gate finds all of it safe."""
    return control(exact, policy, provenance=PROVENANCE, withheld=()), past


@dataclass
class Controlled:
    """Control under a policy over one project's history, whoever of it asks."""

    cohort: Cohort
    policy: Policy
    generator: np.random.Generator
    decides: Decides = remembering
    past: Past = field(default_factory=Past)

    def __post_init__(self) -> None:
        self.meaning = RulesKnown(self.policy).meaning

    def ask(self, question: Question) -> Answer | None:
        """A refusal leaves the past as it was."""
        exact, chance = exact_table(question, self.cohort), self.generator.spawn(1)[0]
        try:
            table, self.past = self.decides(self.past, exact, self.policy, chance)
        except QueryRefused:
            return None
        return Answer.read(table)
