"""Class disclosure: when nearly everybody of a group is of one category, membership tells it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from linkage_engine.disclosure.policy_parts import GroupDisclosure


def tells_category(counts: Sequence[int], rule: GroupDisclosure) -> bool:
    """Whether one of a group's categories has more than the largest share; nobody tells nothing."""
    return Fraction(max(counts, default=0)) > Fraction(str(rule.max_category_share)) * sum(counts)
