"""Every statistic that can be asked: a statistic without a rule here has no number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.statistics import (
    counts,
    models,
    parts_of_parts,
    quantiles,
    rates,
    survival,
    two_lists,
    values,
)
from linkage_engine.disclosure.statistics.computed import Computed

TOLD: Mapping[Statistic, Callable[[Exact, PlannedMeasure], Figures]] = {
    Statistic.POPULATION: counts.population,
    Statistic.COUNT: counts.count,
    Statistic.EVENTS: counts.events,
    Statistic.EXPECTED: rates.expected_events,
    Statistic.PERSON_YEARS: rates.person_years,
    Statistic.MEAN: values.mean,
    Statistic.SD: values.deviation,
    Statistic.EXPECTED_MEAN: values.expected_mean,
    Statistic.QUANTILE: quantiles.quantile,
    Statistic.AT_RISK: survival.at_risk,
    Statistic.SURVIVAL: survival.surviving,
    Statistic.INCIDENCE: survival.incidence,
    Statistic.ESTIMATE: models.estimate,
    Statistic.STANDARD_ERROR: models.standard_error,
}
"""What may be told of exact cells, each by its rule; a mechanism makes numbers of it that leave."""

COMPUTED: Mapping[Statistic, Computed] = {
    **counts.SHARES,
    **rates.RATES,
    **values.MEANS,
    **values.SUMS,
    **models.LIMITS,
    **two_lists.TWO_LISTS,
    **parts_of_parts.PARTS_OF_PARTS,
}
"""What is computed from told numbers: they never see a cell."""
