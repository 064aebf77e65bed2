"""Whether a release may leave: it must determine nothing small that was not determined without it."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.gate.verdict import Verdict, look
from linkage_engine.disclosure.history.sets import PersonSets


def adds_nothing_small(
    before: PersonSets, told: PersonSets, groups: PersonSets, *, generator: np.random.Generator
) -> Verdict:
    """The verdict on telling these sets after those told before.

    Safe when nobody and no group is determined by all of them. A group that some later table is the first
    to list may follow from earlier releases alone: that cannot be undone, and would refuse every table
    for ever. When groups are determined, the releases before are looked at by themselves, and it is
    safe when the same groups were determined already. A person never is.
    """
    after = look(before.joined(told), groups, generator=generator)
    if after.verdict is not Verdict.DETERMINED or after.persons.size:
        return after.verdict
    earlier = look(before, groups, generator=generator)
    known = earlier.verdict is Verdict.DETERMINED and np.isin(after.groups, earlier.groups).all()
    return Verdict.SAFE if known else Verdict.DETERMINED
