"""What a controlled number says of the count behind it, to whoever knows the rules and the people."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from linkage_engine.contract.controlled_table import ControlledValue
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.history.sets import Floats, Numbers
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance
from linkage_engine.laboratory.disclosure.attack.answer import Meaning, Statuses
from linkage_engine.laboratory.disclosure.attack.cohort import Secret, prior
from linkage_engine.laboratory.disclosure.attack.question import measures

ROUNDING_VARIANCE = 35 / 12
"""Of midpoint-6, every number of a bin as likely as another."""
EXACT = 1e-6
"""The variance of a number that is told as it is."""
PROVENANCE = Provenance(specification_sha256="00" * 32, data_version="attack")

Seen = tuple[float | None, str]
"""A number, or none, and its status."""


@dataclass
class RulesKnown:
    """Asks the control itself what it would show of every count: any rule that may come is understood."""

    policy: Policy
    shown: dict[int, dict[Seen, Numbers]] = field(default_factory=dict)
    sites: dict[tuple[int, float, Seen], tuple[float, float]] = field(default_factory=dict)

    def meaning(self, about: Secret, people: int, values: Floats, statuses: Statuses) -> Meaning:
        """Of a cell of so many people: numbers with variances, infinite where nothing is said."""
        if about is Secret.STAYS:
            told = ~np.isnan(values)
            return Meaning(np.nan_to_num(values), np.where(told, ROUNDING_VARIANCE, np.inf))
        means = prior(about).means
        seen = zip(means.tolist(), values.tolist(), statuses.tolist(), strict=True)
        sites = [self._site(people, p, (None if np.isnan(v) else v, status)) for p, v, status in seen]
        return Meaning(np.array([y for y, _ in sites]), np.array([v for _, v in sites]))

    def _site(self, people: int, share: float, seen: Seen) -> tuple[float, float]:
        key = (people, share, seen)
        if key not in self.sites:
            self.sites[key] = _said(people, share, self._counts(people).get(seen, np.arange(people + 1)))
        return self.sites[key]

    def _counts(self, people: int) -> dict[Seen, Numbers]:
        """Of so many people, which counts are shown in which way."""
        if people not in self.shown:
            ways: dict[Seen, list[int]] = defaultdict(list)
            for count, value in enumerate(_all_counts(people, self.policy)):
                ways[value.value, value.status.value].append(count)
            self.shown[people] = {seen: np.array(counts) for seen, counts in ways.items()}
        return self.shown[people]


def _all_counts(people: int, policy: Policy) -> list[ControlledValue]:
    """What is shown of none, one, two … of so many people."""
    everybody = np.arange(people, dtype=np.int32)
    step = policy.limits.cells
    found: list[ControlledValue] = []
    for begin in range(0, people + 1, step):
        cells = tuple(
            ExactCell((str(count),), everybody, {"outcomes_0": everybody[:count]})
            for count in range(begin, min(begin + step, people + 1))
        )
        table = ExactTable("People", "attack", ("count",), measures(Secret.OUTCOMES, 1), cells)
        found += [row.values[1] for row in control(table, policy, provenance=PROVENANCE).rows]
    return found


def _said(people: int, share: float, counts: Numbers) -> tuple[float, float]:
    """The number and variance that bring a count's prior to what it is among these counts."""
    weights = stats.binom.pmf(counts, people, share)
    before = people * share * (1 - share)
    if not weights.sum() > 0:
        return float(counts.mean()), float(max(counts.var(), EXACT))
    mean = float(np.average(counts, weights=weights))
    after = float(np.average((counts - mean) ** 2, weights=weights))
    if after >= before * (1 - 1e-9):
        return people * share, np.inf
    variance = 1 / (1 / max(after, EXACT) - 1 / before)
    return variance * (mean / max(after, EXACT) - people * share / before), variance
