"""What an attacker wants to know, what he knows already, and what is public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linkage_engine.laboratory.reidentification.seen import NONE, Codes

Shares = NDArray[np.float64]
WANTED = ("family_name", "given_name", "date_of_birth", "postcode")
BANDS = 25
"""Five-year bands of birth from 1900, for how names came and went."""
FIRST_BAND_YEAR, YEARS_A_BAND = 1900, 5


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """Records whose people the attacker knows: their rows and the codes of their values, field by field."""

    rows: Codes
    values: Mapping[str, Codes]
    sexes: Codes

    def everybody(self, field: str, rows: int) -> Codes:
        """A value for each record, NONE where the attacker does not know the person."""
        return placed(self.rows, self.values[field], rows)


@dataclass(frozen=True, repr=False)
class PublicTables:
    """How common values are, by the codes of their values; dates are numbers such as 19480705."""

    names: Mapping[str, tuple[str, ...]]
    """What each code of `family_name` and `given_name` is spelt like."""
    shares: Mapping[str, Shares]
    """The share of people with each code of `family_name`, `given_name` and `postcode`; 0 for unheard of."""
    given_by_birth: Shares
    """Share of people by given name (row) and sex and band of birth (column: sex * BANDS + band)."""
    year_shares: Mapping[int, float]
    sectors: Codes
    """The sector of each code of `postcode`."""

    @cached_property
    def commonest(self) -> Mapping[str, Codes]:
        """The codes of each field in public, the commonest first."""
        return {
            field: np.argsort(-shares, kind="stable")[: int((shares > 0).sum())]
            for field, shares in self.shares.items()
        }


def placed(rows: Codes, values: Codes, size: int) -> Codes:
    """A column of `size` with values at some rows and NONE elsewhere."""
    column = np.full(size, NONE, dtype=np.int64)
    column[rows] = values
    return column


def band(year: int | Codes) -> Codes:
    """The five-year band of a year of birth; the first and the last take what lies outside."""
    bands = (np.asarray(year, dtype=np.int64) - FIRST_BAND_YEAR) // YEARS_A_BAND
    return np.asarray(np.clip(bands, 0, BANDS - 1))
