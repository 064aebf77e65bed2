"""Whether a release may leave: it must determine nothing small that was not determined without it."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.gate.pairs import all_listed
from linkage_engine.disclosure.gate.verdict import Verdict, look
from linkage_engine.disclosure.history.sets import PersonSets, first_of_each


def adds_nothing_small(
    before: PersonSets,
    told: PersonSets,
    groups: PersonSets,
    *,
    threshold: int,
    generator: np.random.Generator,
) -> Verdict:
    """The verdict on telling these sets after those told before.

    Groups are all that is protected: those recorded, and every small part of a pair of sets. Of pairs with
    a set that is new the gate finds the parts itself: one that is not among the groups is undecided,
    since it would not be tested later either. Safe when nobody and no group is determined by all sets. A
    group that some later table is the first to list may follow from earlier releases alone: that cannot
    be undone, and would refuse every table for ever. When groups are determined, the releases before are
    looked at by themselves, and it is safe when the same groups were determined already. A person never
    is.
    """
    new = told.take(first_of_each(told, before.digests))
    if not all_listed(before, new, groups, threshold=threshold, generator=generator):
        return Verdict.UNDECIDED
    after = look(before.joined(new), groups, generator=generator)
    if after.verdict is not Verdict.DETERMINED or after.persons.size:
        return after.verdict
    earlier = look(before, groups, generator=generator)
    known = earlier.verdict is Verdict.DETERMINED and np.isin(after.groups, earlier.groups).all()
    return Verdict.SAFE if known else Verdict.DETERMINED
