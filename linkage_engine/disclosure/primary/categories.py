"""Class disclosure: when nearly everybody of a group is of one category, membership tells it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.policy_parts import GroupDisclosure

Counts = npt.NDArray[np.int64]


def tells_category(counts: Counts, people: Counts, rule: GroupDisclosure) -> npt.NDArray[np.bool_]:
    """Of which groups more than the largest share is in the category; of nobody no share is."""
    largest = Fraction(str(rule.max_category_share))
    told: npt.NDArray[np.bool_] = counts * largest.denominator > people * largest.numerator
    return told


def tells_value(values: Counts, rule: GroupDisclosure) -> bool:
    """Whether more than the largest share of people have one and the same value other than 0.

    Nothing at all is what most people have of most things, as most people have no rare disease.
    """
    _, people = np.unique(values[values > 0], return_counts=True)
    most = np.array([people.max(initial=0)], dtype=np.int64)
    return bool(tells_category(most, np.array([values.size], dtype=np.int64), rule)[0])
