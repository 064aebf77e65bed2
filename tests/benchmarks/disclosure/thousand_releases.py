"""One more table after a thousand: 200,000 people, and sixty breakdowns asked again and again."""

from __future__ import annotations

import time

import numpy as np

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.columns import digest, to_columns
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.budget import Asked
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.history.told import Told
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance
from linkage_engine.disclosure.release import decide
from linkage_engine.laboratory.disclosure.planned import Breakdown, Codes, Planned, cohort, plan, table_of
from tests.benchmarks.history import THRESHOLD, followed
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE, BREAKDOWNS, RELEASES = 200_000, 60, 1_000
POLICY = Policy.from_json(policy_text("nhs-cancer-default"))
PROVENANCE = Provenance(specification_sha256="ab" * 32, data_version="made-up")
MEASURES = analysis_template("prevalence").measures
COUNTED = next(each for each in MEASURES if each.part)


def figures(scale: float) -> Figures:
    """Sixty tables decided, then again; then the next one, by admission alone and by all of `decide`."""
    people = round(PEOPLE * scale)
    random = np.random.default_rng(1)
    everybody = cohort(people, random)
    asked = plan(BREAKDOWNS + 1, random)
    state = followed(people, BREAKDOWNS).state
    again, worked = asked_again(state, everybody, asked[:BREAKDOWNS])
    exact = exact_table(everybody, asked[BREAKDOWNS])
    past = Past(again, RELEASES, told_of(again))
    admitting = time.process_time()
    admit(again, table_of(everybody, asked[BREAKDOWNS]), threshold=THRESHOLD, generator=random)
    admitting = time.process_time() - admitting
    started, deciding = time.perf_counter(), time.process_time()
    done = decide(past, exact, POLICY, provenance=PROVENANCE, generator=np.random.default_rng(2))
    return {
        "people": people,
        "sets": len(again.published),
        "rank": again.rank,
        "state_changed_when_asked_again": int(digest(to_columns(state)) != digest(to_columns(again))),
        "again_mean_processor_seconds": worked / BREAKDOWNS,
        "cells_of_one_more": len(exact.cells),
        "sets_of_one_more": len(done.state.published) - len(again.published),
        "admission_processor_seconds": admitting,
        "one_more_seconds": time.perf_counter() - started,
        "one_more_processor_seconds": time.process_time() - deciding,
    }


def asked_again(
    state: State, everybody: dict[Breakdown, Codes], asked: tuple[Planned, ...]
) -> tuple[State, float]:
    """The state after every table was asked a second time, and the processor seconds of that."""
    worked = 0.0
    for number, planned in enumerate(asked):
        table = table_of(everybody, planned)
        began = time.process_time()
        random = np.random.default_rng([2, number])
        state = admit(state, table, threshold=THRESHOLD, generator=random).state
        worked += time.process_time() - began
    return state, worked


def told_of(state: State) -> Told:
    """One outcome told once over everything."""
    asked = Asked(AskedRoles(counted_as=PROVENANCE.specification_sha256), PROVENANCE.data_version, POLICY)
    return Told({asked.telling(COUNTED, {}): np.arange(len(state.published))})


def exact_table(everybody: dict[Breakdown, Codes], planned: Planned) -> ExactTable:
    """A planned table with an outcome that one person in eight has."""
    counted = np.random.default_rng(5).random(next(iter(everybody.values())).size) < 1 / 8
    table = table_of(everybody, planned)
    names = tuple(f"{each.variable}{each.categories}" for each in planned.breakdowns)
    cells = (
        ExactCell(labels_of(key, len(names)), people, {"numerator": people[counted[people]]})
        for key, people in zip(table.keys, map(table.cells.__getitem__, range(len(table.keys))), strict=True)
    )
    return ExactTable("People", "prevalence", names, MEASURES, tuple(cells))


def labels_of(key: str, dimensions: int) -> tuple[str, ...]:
    """The labels in a planned table's key, which has them as a tuple of whole numbers."""
    said = key[key.index("(") + 1 : key.index(")")].split(",")[:dimensions]
    return tuple(TOTAL if int(each) < 0 else each.strip() for each in said)


if __name__ == "__main__":
    main(figures, Budget("one_more_processor_seconds", 30, at_least=False))
