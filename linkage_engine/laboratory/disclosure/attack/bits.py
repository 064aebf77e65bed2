"""What somebody who reasons well would believe of each person's secret, from everything told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from linkage_engine.disclosure.history.sets import Floats, Persons
from linkage_engine.laboratory.disclosure.attack.answer import Meaning
from linkage_engine.laboratory.disclosure.attack.cohort import Prior, Secret
from linkage_engine.laboratory.disclosure.planned import Codes


@dataclass(frozen=True, eq=False)
class Heard:
    """What a told cell says of the sums of a secret over its people."""

    about: Secret
    people: Persons
    meaning: Meaning


def believed(heard: Sequence[Heard], known: Prior, persons: int) -> Floats:
    """For each column and person the mean of the secret given everything heard.

    Secrets are taken to be independent and normal, every number off by as much as its variance says: the
    precision is I / v + P' diag(1 / w) P. Bayes' rule, least squares where nothing blurs; with fewer numbers
    than people by Woodbury's identity.
    """
    if not heard:
        return np.repeat(known.means[:, None], persons, axis=1)
    rows = np.zeros((len(heard), persons))
    for number, each in enumerate(heard):
        rows[number, each.people] = 1.0
    sums = np.array([each.meaning.sums for each in heard])
    variances = np.array([each.meaning.variances for each in heard])
    found = np.empty((known.means.size, persons))
    for column, (mean, variance) in enumerate(zip(known.means, known.variances, strict=True)):
        said = np.isfinite(variances[:, column])
        surprise = sums[said, column] - rows[said].sum(axis=1) * mean
        found[column] = mean + _learnt(rows[said], variances[said, column], surprise, variance)
    return found


def _learnt(rows: Floats, off: Floats, surprise: Floats, variance: float) -> Floats:
    """By how much surprises change what is believed: by people or by what was heard, whichever are fewer."""
    heard, persons = rows.shape
    if heard < persons:
        spread = variance * (rows @ rows.T)
        spread[np.diag_indices(heard)] += off
        learnt: Floats = variance * (rows.T @ linalg.solve(spread, surprise, assume_a="pos"))
    else:
        weighted = rows.T / off
        precision = weighted @ rows
        precision[np.diag_indices(persons)] += 1 / variance
        learnt = linalg.solve(precision, weighted @ surprise, assume_a="pos")
    return learnt


def right(beliefs: Floats, truth: Codes, known: Prior) -> Floats:
    """For each person the share of columns at even odds of which the belief is on the right side."""
    even = known.is_even
    middle = known.means[even, None]
    shares: Floats = ((beliefs[even] > middle) == (truth[even] > middle)).mean(axis=0)
    return shares
