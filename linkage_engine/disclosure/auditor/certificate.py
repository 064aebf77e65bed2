"""Checks another possible table in whole numbers: no solver and no rounding is believed."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.auditor.claim import Claim, Whole


def is_possible(claim: Claim, world: Whole) -> bool:
    """Whether nobody who knows what is shown can rule these numbers of all atoms out.

    They are whole and from 0 up, and every cell lies where it is known to lie; sums are of 64-bit
    integers, and a world with a number of 2^31 or more is not believed, so that they cannot overflow.
    """
    if world.shape != claim.truth.shape or world.dtype != np.int64:
        return False
    if (world < 0).any() or (world >= 2**31).any():
        return False
    sums = claim.cells @ world
    return bool(((claim.least <= sums) & (sums <= claim.most)).all())
