"""The perturbation table: for each count and each cell key, what is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.cellkey.distribution import Numbers, Shares, can_vary, deviations, most_even

Keys = npt.NDArray[np.uint64]
BITS = 32
"""Of a cell key of ours; probabilities are whole multiples of 2 to the minus 32."""
MOST_BITS = 32


@dataclass(frozen=True, eq=False)
class Row:
    """What is added to one count: `added[i]` for cell keys from `ends[i - 1]` to under `ends[i]`."""

    ends: Numbers
    added: Numbers

    def moment(self, power: int) -> Fraction:
        """The mean of a power of what is added, exactly, over equally likely cell keys."""
        widths = np.diff(self.ends, prepend=np.int64(0)).tolist()
        total = sum(width * added**power for width, added in zip(widths, self.added.tolist(), strict=True))
        return Fraction(total, int(self.ends[-1]))


@dataclass(frozen=True, eq=False)
class PerturbationTable:
    """Rows for the counts 1, 2, 3 and so on; a count beyond them has one of the last `period`, in turn.

    Anything that is no such table is `NotTrusted(PERTURBATION_INVALID)`: rows whose keys do not fill 0 to
    2 to the power of `bits`, steps backwards, a result below nothing, a period of more rows than there are.
    """

    bits: int
    rows: tuple[Row, ...]
    period: int = 1

    def __post_init__(self) -> None:
        sound = 1 <= self.bits <= MOST_BITS and 1 <= self.period <= len(self.rows)
        if not sound or not all(
            _is_row(row, count, self.bits) for count, row in enumerate(self.rows, start=1)
        ):
            raise NotTrusted(RefusalCode.PERTURBATION_INVALID)

    @classmethod
    def made(cls, *, variance: float, max_deviation: int, never_shown: int = 0) -> Self:
        """The table whose noise has mean zero, exactly, and the variance, for every count but nothing.

        `NotTrusted(PERTURBATION_INVALID)` when some count cannot be perturbed so: a larger deviation
        or another variance is needed.
        """
        last = max_deviation + never_shown + 1
        allowed = [
            deviations(n, max_deviation=max_deviation, never_shown=never_shown) for n in range(1, last + 1)
        ]
        if not all(can_vary(each, variance) for each in allowed):
            raise NotTrusted(RefusalCode.PERTURBATION_INVALID)
        return cls(BITS, tuple(_on_lattice(each, most_even(each, variance)) for each in allowed))

    def row(self, count: int) -> Row:
        """The row of a count of at least one."""
        return self.rows[int(self._numbers(np.array([count], dtype=np.int64))[0])]

    def perturbed(self, counts: Numbers, keys: Keys) -> Numbers:
        """Counts with what their cell keys add to them; nothing stays nothing.

        One key for each count, of which the last `bits` say what is added.
        """
        numbers, found = self._numbers(counts), counts.copy()
        last_bits = (keys & np.uint64((1 << self.bits) - 1)).astype(np.int64)
        for number in np.unique(numbers[counts > 0]).tolist():
            where = (numbers == number) & (counts > 0)
            row = self.rows[number]
            found[where] += row.added[np.searchsorted(row.ends, last_bits[where], side="right")]
        return found

    def _numbers(self, counts: Numbers) -> Numbers:
        """Which row each count has."""
        first_repeated = len(self.rows) - self.period
        beyond = first_repeated + (counts - 1 - first_repeated) % self.period
        return np.where(counts <= len(self.rows), counts - 1, beyond)


def _is_row(row: Row, count: int, bits: int) -> bool:
    return (
        row.ends.dtype == row.added.dtype == np.int64
        and row.ends.shape == row.added.shape
        and row.ends.ndim == 1
        and row.ends.size > 0
        and row.ends[0] > 0
        and bool((np.diff(row.ends) > 0).all())
        and int(row.ends[-1]) == 1 << bits
        and int(row.added.min()) >= -count
    )


def _on_lattice(allowed: Numbers, shares: Shares) -> Row:
    """The probabilities in whole numbers of cell keys, with a mean of exactly zero.

    Rounding moves the mean by less than a few keys; so many keys are moved to the neighbouring deviation.
    """
    every = 1 << BITS
    widths = np.floor(shares * every).astype(np.int64)
    widths[np.argmax(widths)] += every - widths.sum()
    excess = int(widths @ allowed)
    step: Callable[[Numbers], Numbers] = (lambda at: at + 1) if excess < 0 else (lambda at: at - 1)
    movable = np.isin(step(allowed), allowed)
    giver = int(np.argmax(np.where(movable, widths, -1)))
    widths[giver] -= abs(excess)
    widths[allowed == step(allowed[giver : giver + 1])] += abs(excess)
    present = widths > 0
    return Row(np.cumsum(widths[present]), allowed[present])
