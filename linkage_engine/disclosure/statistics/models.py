"""Regression summaries: coefficients and their errors, of a model with enough people for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import Estimate
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.intervals import Z
from linkage_engine.disclosure.primary.models import may_tell_model
from linkage_engine.disclosure.rounding import three_figures
from linkage_engine.disclosure.statistics.computed import Computed
from linkage_engine.disclosure.statistics.counts import in_part


def estimate(exact: Exact, measure: PlannedMeasure) -> Figures:
    """A coefficient to three figures, where the whole model may be told."""
    return _of_model(exact, measure, lambda each: each.value)


def standard_error(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Its standard error, likewise."""
    return _of_model(exact, measure, lambda each: each.standard_error)


def _of_model(exact: Exact, measure: PlannedMeasure, of: Callable[[Estimate], float]) -> Figures:
    fit, variable = exact.table.fit, measure.variable
    assert fit is not None  # a table with estimates has a model
    assert variable is not None  # ABOUT says so
    levels = [cell.population.size for cell in exact.table.cells if cell.applicable]
    fits = may_tell_model(fit, levels=levels, rule=exact.policy.models)
    return Figures(
        measure.statistic,
        None,
        numbers=np.array([three_figures(of(cell.estimates[variable])) for cell in exact.table.cells]),
        people=in_part(exact, None),
        allowed=exact.populations_safe & fits,
    )


def _limit(side: int) -> Callable[[float, float], float]:
    return lambda coefficient, error: three_figures(coefficient + side * Z * error)


_OF = (Statistic.ESTIMATE, Statistic.STANDARD_ERROR)

LIMITS: Mapping[Statistic, Computed] = {
    Statistic.ESTIMATE_LOWER: Computed(_OF, _limit(-1)),
    Statistic.ESTIMATE_UPPER: Computed(_OF, _limit(1)),
}
"""Limits of 95 % from the told coefficient and the told error (Wald)."""
