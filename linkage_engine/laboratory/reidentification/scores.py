"""How many people were named rightly, and how many of them beyond what known people's own tokens say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage_engine.laboratory.reidentification.guesses import Guess
from linkage_engine.laboratory.reidentification.parts import WHOLE, carriers
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import WANTED

Flags = NDArray[np.bool_]
RECORD = "record"


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of all records, the known people's own not counted as named."""

    named: float
    """Named rightly."""
    beyond: float
    """Named rightly without sharing a token of the whole value with a known person."""
    strategy: str
    """The one that named most beyond."""


def told_by_known(seen: Seen, rows: Codes) -> dict[str, Flags]:
    """For each field the records that share with a known person a token, or filter, of the whole value."""
    found = {}
    for field, part in WHOLE.items():
        shares = np.zeros(seen.rows, dtype=np.bool_)
        for codes in carriers(seen, part):
            known = np.unique(codes[rows])
            shares |= np.isin(codes, known[known != NONE])
        for name, bits in seen.filters.items():
            if field.startswith(name.partition("_")[0]):
                packed = np.packbits(bits, axis=1).view("V32").reshape(-1)
                shares |= np.isin(packed, packed[rows]) & bits.any(axis=1)
        shares[rows] = True
        found[field] = shares
    return found


def scores(
    guesses: Iterable[Guess], true: Mapping[str, Codes], told: Mapping[str, Flags], rows: Codes
) -> dict[str, Score]:
    """The best strategy's score for each field, and for whole records the best strategies' together."""
    size = len(next(iter(true.values())))
    stranger = np.ones(size, dtype=np.bool_)
    stranger[rows] = False
    best = {field: Score(0.0, 0.0, "none") for field in WANTED}
    right = {field: np.zeros(size, dtype=np.bool_) for field in WANTED}
    for strategy, field, guess in guesses:
        found = stranger & (guess != NONE) & (guess == true[field])
        score = Score(float(found.mean()), float((found & ~told[field]).mean()), strategy)
        if score.beyond > best[field].beyond:
            best[field], right[field] = score, found
    whole = np.logical_and.reduce(list(right.values()))
    beyond = whole & ~np.logical_and.reduce(list(told.values()))
    return best | {RECORD: Score(float(whole.mean()), float(beyond.mean()), "the best of each field")}
