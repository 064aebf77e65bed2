"""A table with noise: what it costs is asked first, and without the receipt there is no table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import (
    ControlledTable,
    ControlledValue,
    Noise,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.control import Told, check_size, table_of
from linkage_engine.disclosure.differential_privacy.budget import MILLION, Receipt
from linkage_engine.disclosure.differential_privacy.contributions import Sets, capped, check_one_label
from linkage_engine.disclosure.differential_privacy.laplace import Noisy, check_available, noisy
from linkage_engine.disclosure.differential_privacy.span import Structure, contributions, distinct_places
from linkage_engine.disclosure.figures import CONFIDENTIAL, Column, Flags
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance, record_of
from linkage_engine.disclosure.rounding import Counts
from linkage_engine.disclosure.statistics.computed import key_of
from linkage_engine.disclosure.threshold import may_be_told

COUNTED = frozenset({Statistic.POPULATION, Statistic.COUNT})
"""What gets noise."""
ANSWERED = COUNTED | {Statistic.PERCENT, Statistic.PER_100_000}
"""Nothing limits what one person adds to events or days, and intervals would leave the noise out."""


@dataclass(frozen=True, eq=False)
class NeedsBudget:
    """A table that can be told once its budget is spent; everything else is checked."""

    exact: ExactTable
    policy: Policy
    structure: Structure
    provenance: Provenance

    def __repr__(self) -> str:
        return "NeedsBudget(withheld)"

    @property
    def contributions(self) -> int:
        """In how many of its counts one person is counted at most."""
        most = self.policy.dp.labels_per_person
        return contributions(self.exact, self.structure, self.measures, most_labels=most)

    @property
    def measures(self) -> tuple[PlannedMeasure, ...]:
        """Those that are counted."""
        return tuple(each for each in self.exact.measures if each.statistic in COUNTED)


def needs_budget(
    exact: ExactTable, policy: Policy, structure: Structure, *, provenance: Provenance
) -> NeedsBudget:
    """The table as it may be told for a receipt.

    `QueryRefused`: TABLE_TOO_LARGE; MECHANISM_NOT_AVAILABLE without OpenDP, and for questions of anything
    but people and shares of them. `NotTrusted(HAND_OVER_INVALID)` when somebody is in more cells than the
    catalogue says anybody can be.
    """
    check_size(exact, policy)
    if policy.unit != "person" or not {each.statistic for each in exact.measures} <= ANSWERED:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    check_available()
    needs = NeedsBudget(exact, policy, structure, provenance)
    for measure in needs.measures:
        _check_structure(exact, structure, measure)
    return needs


def noisy_table(needs: NeedsBudget, receipt: Receipt, *, generator: np.random.Generator) -> ControlledTable:
    """The table with noise of its own on every count; two calls give two tables.

    1. Nobody counts in more labels than the policy says; which, chance decides.
    2. All counts at once get discrete Laplace noise for the receipt's epsilon. A population that
       several cells share by structure is counted once.
    3. After that nothing is private any more: numbers below nothing become nothing, those above the
       population become it, the threshold hides small ones, and shares are computed from what is told.

    A receipt for another question is `NotTrusted(HAND_OVER_INVALID)`.
    """
    if receipt.specification_sha256 != needs.provenance.specification_sha256:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    sets = [_sets(needs, measure, generator) for measure in needs.measures]
    places = [distinct_places(needs.exact, needs.structure, measure) for measure in needs.measures]
    drawn = noisy(
        np.array(list(_sizes(sets, places)), dtype=np.int64),
        contributions=needs.contributions,
        epsilon=receipt.epsilon,
    )
    told = _told(needs, _by_cell(drawn.counts, places))
    noise = _noise(needs, receipt, drawn)
    return table_of(
        needs.exact,
        told,
        lambda rows: record_of(
            rows, needs.exact.measures, needs.policy, needs.provenance, audited=False, noise=noise
        ),
    )


def _people(exact: ExactTable, measure: PlannedMeasure) -> Sets:
    return tuple(c.population if measure.part is None else c.parts[measure.part] for c in exact.cells)


def _check_structure(exact: ExactTable, structure: Structure, measure: PlannedMeasure) -> None:
    sets = _people(exact, measure)
    for dimension in filter(structure.one_label.__contains__, exact.dimensions):
        if structure.divides(measure, dimension):
            check_one_label(exact, dimension, sets)
    places = distinct_places(exact, structure, measure)
    if not all(np.array_equal(each, sets[place]) for each, place in zip(sets, places, strict=True)):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)


def _sets(needs: NeedsBudget, measure: PlannedMeasure, generator: np.random.Generator) -> Sets:
    """Whom a measure counts once everybody's labels are within the policy's number."""
    sets = _people(needs.exact, measure)
    for dimension in needs.exact.dimensions:
        if dimension not in needs.structure.one_label and needs.structure.divides(measure, dimension):
            most = needs.policy.dp.labels_per_person
            sets = capped(needs.exact, dimension, sets, most_labels=most, generator=generator)
    return sets


def _sizes(sets: list[Sets], places: list[tuple[int, ...]]) -> Iterator[int]:
    """The counts that get noise: each measure's, once for every place that others refer to."""
    for each, refers in zip(sets, places, strict=True):
        yield from (each[place].size for place in dict.fromkeys(refers))


def _by_cell(counts: Counts, places: list[tuple[int, ...]]) -> list[Counts]:
    """For each measure a count for every cell, from one count for each place."""
    found, begin = [], 0
    for refers in places:
        distinct = {place: begin + at for at, place in enumerate(dict.fromkeys(refers))}
        found.append(np.maximum(counts[[distinct[place] for place in refers]], 0))
        begin += len(distinct)
    return found


def _told(needs: NeedsBudget, counts: list[Counts]) -> Told:
    """What is told of noisy numbers: the threshold looks at them and never at the truth."""
    by_measure = {m.part: n for m, n in zip(needs.measures, counts, strict=True)}
    population = by_measure[None]
    whole = may_be_told(population, needs.policy)

    def column(part: str | None, numbers: Counts) -> Column:
        if part is None:
            return _column(numbers, whole)
        inside = np.minimum(numbers, population)
        safe = whole & may_be_told(inside, needs.policy)
        if needs.policy.threshold.complement:
            safe &= may_be_told(population - inside, needs.policy)
        return _column(inside, safe)

    return {
        key_of(measure.statistic, measure): column(measure.part, by_measure[measure.part])
        for measure in needs.measures
    }


def _column(numbers: Counts, where: Flags) -> Column:
    pairs = zip(numbers.tolist(), where.tolist(), strict=True)
    return tuple(ControlledValue(value=number) if safe else CONFIDENTIAL for number, safe in pairs)


def _noise(needs: NeedsBudget, receipt: Receipt, drawn: Noisy) -> Noise:
    return Noise(
        mechanism="discrete_laplace",
        standard_deviation=round(drawn.standard_deviation, 2),
        epsilon=receipt.epsilon,
        epsilon_spent=receipt.spent_millionths / MILLION,
        epsilon_total=needs.policy.dp.epsilon_total,
        contributions=needs.contributions,
        labels_per_person=needs.policy.dp.labels_per_person,
    )
