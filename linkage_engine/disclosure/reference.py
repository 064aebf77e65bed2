"""Expected events: from strata of the people compared with that are large enough to be told of."""

from __future__ import annotations

from math import fsum

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.cells import Reference, Tally

Rates = npt.NDArray[np.float64]
"""Events a day in each stratum; not a number where there is no rate."""


def exact_rates(reference: Reference, part: str) -> Rates:
    """Each stratum's own rate, whatever its size: for checkers, never for release."""
    return _divided(reference.events[part], reference.days)


def safe_rates(reference: Reference, part: str, *, at_least: int) -> Rates:
    """Rates of strata merged until each has at least so many people and so many events.

    1. Within a sex, ages are joined from the youngest up until both are reached; what is left over
       at the oldest end joins the ages before it.
    2. A sex that does not reach them as a whole takes the rates of all sexes together, whose ages are
       joined in the same way.
    3. When that does not reach them either, there is no rate.

    People grow older through strata; each counts in the one of their first day, so that sums count
    nobody twice.
    """
    shape = (reference.sexes, -1)
    tallies = [t.reshape(shape) for t in (reference.persons, reference.days, reference.events[part])]
    together = _joined(*(tally.sum(axis=0) for tally in tallies), at_least=at_least)
    rates = []
    for persons, days, events in zip(*tallies, strict=True):
        own = _joined(persons, days, events, at_least=at_least)
        rates.append(together if np.isnan(own).any() else own)
    return np.concatenate(rates)


def expected(days: Tally, rates: Rates) -> float | None:
    """Events expected in so many days at risk; nothing where a stratum with days has no rate."""
    at_risk = days > 0
    if np.isnan(rates[at_risk]).any():
        return None
    return fsum((days[at_risk] * rates[at_risk]).tolist())


def _joined(persons: Tally, days: Tally, events: Tally, *, at_least: int) -> Rates:
    """The rate of each age after ages were joined from the youngest up."""
    groups: list[list[int]] = []
    left_over: list[int] = []
    for age in range(persons.size):
        left_over.append(age)
        if persons[left_over].sum() >= at_least and events[left_over].sum() >= at_least:
            groups.append(left_over)
            left_over = []
    if not groups:
        return np.full(persons.size, np.nan)
    groups[-1].extend(left_over)
    rates = [_divided(events[group].sum(), days[group].sum()) for group in groups]
    return np.repeat(rates, [len(group) for group in groups])


def _divided(events: Tally | np.int64, days: Tally | np.int64) -> Rates:
    """Events a day; not a number where there are no days."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(days, 0), np.nan, np.divide(events, days))
