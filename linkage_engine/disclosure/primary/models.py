"""Models: with as many coefficients as people they are the data again."""

from __future__ import annotations

from collections.abc import Sequence

from linkage_engine.disclosure.policy_parts import Models


def may_tell_model(*, records: int, coefficients: int, levels: Sequence[int], rule: Models) -> bool:
    """Whether enough degrees of freedom are left and every level of every factor has enough people.

    Coefficients count the intercept; a saturated model leaves none and is never told.
    """
    residual = records - coefficients
    return residual >= rule.min_residual_dof and all(people >= rule.min_per_level for people in levels)
