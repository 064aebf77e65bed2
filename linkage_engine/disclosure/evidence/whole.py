"""How the people of two whole tables lie."""

from __future__ import annotations

import numpy as np

from linkage_engine.contract.earlier import Whole
from linkage_engine.disclosure.history.sets import Persons


def whole(here: Persons | None, there: Persons | None, *, fewer_than: int) -> Whole:
    """How the largest populations of a new and an earlier table lie; nothing is no population told.

    Near are two sets that differ by fewer people than `fewer_than`.
    """
    if here is None or there is None:
        return Whole.UNTOLD
    shared = np.intersect1d(here, there, assume_unique=True).size
    here_only, there_only = here.size - shared, there.size - shared
    if here_only + there_only == 0:
        return Whole.SAME
    if shared and here_only + there_only < fewer_than:
        return Whole.NEAR
    if not here_only or not there_only:
        return Whole.WITHIN if not here_only else Whole.CONTAINS
    return Whole.OVERLAPS if shared else Whole.APART
