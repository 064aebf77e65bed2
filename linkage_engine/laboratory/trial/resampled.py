"""A population of another size: persons drawn from synthetic England with replacement, with all they have.

The bootstrap (Efron 1979): shares stay what they are, and how far counts stray is seen by drawing again.
What nobody in the synthetic England has, nobody in a larger one has either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.catalogue.data_sets import PERSON_KEY
from linkage_engine.laboratory.england.catalogue_form import OfProvider

Ints = npt.NDArray[np.int64]


def resampled(
    sets: Iterable[OfProvider], *, people: int, population: int, generator: np.random.Generator
) -> Iterator[OfProvider]:
    """The data sets of so many persons drawn from 0 to `people` - 1; each draw is a person of its own."""
    drawn = generator.integers(0, people, population)
    times = np.bincount(drawn, minlength=people)
    firsts = np.cumsum(times) - times
    for each in sets:
        whose = _numbers(each.rows[PERSON_KEY])
        rows = np.repeat(np.arange(whose.size), times[whose])
        # Of the persons that one was drawn as, each gets the row once.
        turns = np.arange(rows.size) - np.repeat(np.cumsum(times[whose]) - times[whose], times[whose])
        keys = _keys(firsts[whose[rows]] + turns)
        place = each.rows.schema.get_field_index(PERSON_KEY)
        yield OfProvider(
            each.provider, each.name, each.rows.take(pa.array(rows)).set_column(place, PERSON_KEY, keys)
        )


def _numbers(keys: pa.ChunkedArray) -> Ints:
    """The numbers of persons, from their keys of 32 digits."""
    numbers: Ints = pc.utf8_slice_codeunits(keys, 16).cast(pa.int64()).to_numpy()
    return numbers


def _keys(numbers: Ints) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 32, "0")
