"""Control over the history: admission of planned tables one after the other, then the gate from nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.columns import digest, to_columns
from linkage_engine.disclosure.admission.state import State, nothing_released
from linkage_engine.disclosure.admission.table import Decision
from linkage_engine.disclosure.gate.verdict import look
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE, TABLES = 20_000, 30
"""At scale 1, which fits into half a minute; `--scale 10` is 200,000 people and 100 tables."""
MOST_TABLES = 100
THRESHOLD = 10
FIRST = 20
"""Tables of which the hidden share is said too."""
BUDGETS = (
    Budget("admit_mean_seconds", 1.5, at_least=False),
    Budget("admit_p95_seconds", 4.0, at_least=False),
    Budget("gate_seconds", 9.0, at_least=False),
)
"""The first two as for a hundred tables of as many people, the last a tenth of what 200,000 may take."""


@dataclass
class Followed:
    """What was decided of each table in turn, how long that took, and what is kept."""

    decisions: list[tuple[Decision, ...]] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    rounds: int = 0
    state: State = field(default_factory=nothing_released)

    def hidden(self, tables: int) -> tuple[int, int]:
        """Cells hidden for what others tell, and cells that the threshold allows, of the first tables."""
        cells = [cell for each in self.decisions[:tables] for cell in each if cell is not Decision.SMALL]
        return cells.count(Decision.HIDDEN), len(cells)

    def figures(self) -> Figures:
        """Cells, refusals, hidden share, and seconds of a release; processor seconds beside them."""
        hidden, allowed = self.hidden(len(self.decisions))
        first_hidden, first_allowed = self.hidden(FIRST)
        told = [[each.is_published for each in cells] for cells in self.decisions]
        return {
            "tables": len(self.decisions),
            "refused": sum(not any(each) for each in told),
            "cells_allowed": allowed,
            "hidden": hidden,
            "hidden_share": hidden / max(1, allowed),
            "hidden_share_of_first_twenty": first_hidden / max(1, first_allowed),
            "sets": len(self.state.published),
            "rank": self.state.rank,
            "groups": len(self.state.groups),
            "watched": len(self.state.watched),
            "groups_known_before": self.state.groups_determined,
            "most_rounds": self.rounds,
            "state_sha256": digest(to_columns(self.state)),
            "admit_mean_seconds": float(np.mean(self.taken)),
            "admit_p95_seconds": float(np.percentile(self.taken, 95)),
            "admit_mean_processor_seconds": float(np.mean(self.worked)),
            "admit_p95_processor_seconds": float(np.percentile(self.worked, 95)),
        }


def figures(scale: float) -> Figures:
    """Seconds a release, hidden cells of those that the threshold allows, and the gate's verdict."""
    people = max(1_000, round(PEOPLE * scale))
    done = followed(people, min(MOST_TABLES, max(5, round(TABLES * scale))))
    return {"people": people} | done.figures() | looked(done.state)


def followed(people: int, tables: int) -> Followed:
    """The first so many planned tables of a made-up cohort, decided in their order."""
    random = np.random.default_rng(1)
    everybody = cohort(people, random)
    done = Followed()
    for number, planned in enumerate(plan(tables, random)):
        table = table_of(everybody, planned)
        started, worked = time.perf_counter(), time.process_time()
        admitted = admit(done.state, table, threshold=THRESHOLD, generator=np.random.default_rng([1, number]))
        done.taken.append(time.perf_counter() - started)
        done.worked.append(time.process_time() - worked)
        done.decisions.append(admitted.decisions)
        done.state, done.rounds = admitted.state, max(done.rounds, admitted.rounds)
    return done


def looked(state: State) -> Figures:
    """The gate from nothing on all that was told, with every group and every small part of a pair."""
    started, worked = time.perf_counter(), time.process_time()
    finding = look(state.published, state.groups.joined(state.watched), generator=np.random.default_rng(2))
    return {
        "gate_verdict": finding.verdict.value,
        "gate_determined": finding.groups.size + finding.persons.size,
        "gate_residual": finding.space.residual,
        "gate_seconds": time.perf_counter() - started,
        "gate_processor_seconds": time.process_time() - worked,
    }


if __name__ == "__main__":
    main(figures, *BUDGETS)
