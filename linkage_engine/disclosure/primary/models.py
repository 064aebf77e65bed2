"""Models: with as many coefficients as people, or as kinds of people, they are the data again."""

from __future__ import annotations

from collections.abc import Sequence

from linkage_engine.disclosure.cells import Fit
from linkage_engine.disclosure.policy_parts import Models


def may_tell_model(fit: Fit, *, levels: Sequence[int], rule: Models) -> bool:
    """Whether enough degrees of freedom are left, every level has enough people and it is not saturated.

    A saturated model has a coefficient for each pattern of its covariates: its fitted values are the means
    of the patterns, and those a table of them. Degrees of freedom as in ACRO (10).
    """
    residual = fit.records - fit.coefficients
    return (
        residual >= rule.min_residual_dof
        and fit.coefficients < fit.patterns
        and all(people >= rule.min_per_level for people in levels)
    )
