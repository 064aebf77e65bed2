"""Cell keys: every count with noise that follows from whom it counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt

from linkage_engine.contract.controlled_table import Noise
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.cellkey.keys import Keys, cell_keys, record_keys, scattered
from linkage_engine.disclosure.cellkey.table import PerturbationTable
from linkage_engine.disclosure.figures import Column, Exact, Figures
from linkage_engine.disclosure.policy_parts import CellKey


def perturbed(exact: Exact, figures: Sequence[Figures]) -> list[Column]:
    """What is allowed, counts with what their cell keys add to them.

    The same people and the same count have the same number in every table of the project: asking
    again teaches nothing. `QueryRefused(MECHANISM_NOT_AVAILABLE)` without the project's secret.
    """
    if exact.secret is None:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    table, keys = perturbation_table(exact.policy.cellkey), record_keys(exact.secret, _persons(exact))
    return [_perturbed(each, table, keys) for each in figures]


def _perturbed(figures: Figures, table: PerturbationTable, keys: Keys) -> Column:
    counts = figures.counts
    if counts is None:
        return figures.told(figures.numbers, where=figures.allowed)
    scattered_keys = scattered(cell_keys(keys, figures.people))
    return figures.told(table.perturbed(counts, scattered_keys), where=figures.allowed)


def _persons(exact: Exact) -> int:
    """One more than the highest number of a person in the table; parts are of populations."""
    return max(
        (int(cell.population[-1]) + 1 for cell in exact.table.cells if cell.population.size), default=0
    )


def noise_of(rule: CellKey) -> Noise:
    """What the record says of it; both figures hold for every count but nothing."""
    return Noise(
        mechanism="cell_key",
        standard_deviation=round(sqrt(rule.variance), 2),
        max_deviation=rule.max_deviation,
    )


@cache
def perturbation_table(rule: CellKey) -> PerturbationTable:
    """The table of a policy, which its text was checked to have."""
    return PerturbationTable.made(
        variance=rule.variance, max_deviation=rule.max_deviation, never_shown=rule.never_shown
    )
