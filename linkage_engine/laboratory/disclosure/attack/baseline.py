"""What one plain table tells by itself: the figure that every attack is compared with."""

from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.disclosure.attack.answer import Meaning
from linkage_engine.laboratory.disclosure.attack.bits import Heard, believed, right
from linkage_engine.laboratory.disclosure.attack.cohort import OUTCOMES, Cohort, Secret, prior
from linkage_engine.laboratory.disclosure.attack.rules_known import EXACT

CELL = 10


def one_plain_table(cohort: Cohort) -> float:
    """The share of outcomes guessed right from one table of exact counts, every cell of ten people."""
    whom = cohort.register.present(0)
    cells = np.array_split(whom, whom.size // CELL)
    outcomes, known = cohort.secrets[Secret.OUTCOMES], prior(Secret.OUTCOMES)
    off = np.full(OUTCOMES, EXACT)
    heard = [
        Heard(Secret.OUTCOMES, people, Meaning(outcomes[:, people].sum(axis=1).astype(np.float64), off))
        for people in cells
    ]
    beliefs = believed(heard, known, cohort.register.persons)
    return float(right(beliefs, outcomes, known)[whom].mean())
