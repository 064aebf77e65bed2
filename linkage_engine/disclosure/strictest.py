"""The strictest of several policies: of every figure the one that tells least."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import Value
from linkage_engine.disclosure.policy import Policy

Choice = Callable[[Sequence[Any]], Any]


def strictest(policies: Sequence[Policy]) -> Policy:
    """What the project's and every data set's policy allow together, in whatever order they come.

    A figure is the largest or the smallest by `CHOICES`; of two methods of rounding midpoint-6 is
    stricter, for it has the wider bins. Different mechanisms, units or symbols have no strictest:
    `NotTrusted(POLICIES_CONTRADICT)`, as is asking for the strictest of none.
    """
    if not policies:
        raise NotTrusted(RefusalCode.POLICIES_CONTRADICT, policies=0)
    distinct = {policy.sha256: policy for policy in policies}
    ordered = [distinct[key] for key in sorted(distinct)]
    if len(ordered) == 1:
        return ordered[0]
    try:
        figures = _merged("", ordered)
    except ValueError:
        raise NotTrusted(RefusalCode.POLICIES_CONTRADICT, policies=len(ordered)) from None
    named = sorted({f"{policy.profile} {policy.version}" for policy in ordered})
    return Policy.model_validate(
        figures | {"profile": "strictest", "version": 1, "title": "Strictest of " + ", ".join(named)}
    )


def _merged(path: str, values: Sequence[Value]) -> dict[str, Any]:
    """Each field's strictest, by its path from the top."""
    found: dict[str, Any] = {}
    for name in type(values[0]).model_fields:
        if not path and name in _OF_ITSELF:
            continue
        parts = [getattr(value, name) for value in values]
        place = f"{path}{name}"
        if isinstance(parts[0], Value):
            found[name] = _merged(f"{place}.", parts)
        else:
            found[name] = CHOICES.get(place, _the_same)(parts)
    return found


def _the_same(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - of whatever type the field is
    """The one that all agree on; where they do not, `ValueError`."""
    (only,) = set(parts)
    return only


def _first_of(*order: str) -> Choice:
    """The first in the order that any policy names."""

    def choose(parts: Sequence[Any]) -> str:
        return next(each for each in order if each in parts)

    return choose


def _every_line(parts: Sequence[tuple[tuple[int, float], ...]]) -> tuple[tuple[int, float], ...]:
    """Every dominance rule, of two for the same number of contributors the smaller share."""
    lines: dict[int, float] = {}
    for n, share in (line for part in parts for line in part):
        lines[n] = min(share, lines.get(n, 1.0))
    return tuple(sorted(lines.items()))


_OF_ITSELF = ("profile", "version", "title")
CHOICES: Mapping[str, Choice] = {
    "threshold.persons": max,
    "threshold.complement": any,
    "threshold.zero.sampling": _first_of("suppress", "show"),
    "counts.method": _first_of("midpoint6", "nearest5", "none"),
    "magnitude.nk": _every_line,
    "magnitude.p_percent": max,
    "group_disclosure.max_category_share": min,
    "quantiles.each_side_min": max,
    "models.min_residual_dof": max,
    "models.min_per_level": max,
    "survival.at_risk_min": max,
    "survival.step_min_events": max,
    "survival.grid_days": max,
    "history.min_difference": max,
    "history.leverage_mean": min,
    "history.leverage_top1": min,
    "history.over_budget": _first_of("refuse", "checker"),
    "limits.filters": min,
    "limits.dims": min,
    "limits.cells": min,
    "limits.queries_per_day": min,
    "cellkey.variance": max,
    "cellkey.max_deviation": max,
    "cellkey.never_shown": max,
    "dp.epsilon_total": min,
    "dp.epsilon_per_question": min,
    "dp.labels_per_person": min,
}
"""Which of several figures is the strictest; fields that are not here must agree."""
