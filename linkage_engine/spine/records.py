"""The records of a project, numbered: by provider, then by person key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NHS_NUMBER, DATE_OF_BIRTH = "nhs_number", "dob"
"""Token columns in which the records of one person can contradict each other."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SpineRecords:
    """Every record of every provider; its number is its place."""

    provider_ids: tuple[str, ...]
    """In order."""
    provider: Ints
    """For each record the place of its provider."""
    person_keys: pa.Array
    nhs_number: pa.Array
    """Tokens; null where a record, or the whole profile, has none."""
    date_of_birth: pa.Array

    def __len__(self) -> int:
        return len(self.provider)

    def numbers(self, provider_id: str, person_keys: pa.ChunkedArray) -> Ints:
        """The numbers of a provider's records; -1 for a person key that is not among them."""
        if provider_id not in self.provider_ids:
            return np.full(len(person_keys), -1, dtype=np.int64)
        place = self.provider_ids.index(provider_id)
        first, end = np.searchsorted(self.provider, [place, place + 1])
        found = pc.index_in(person_keys, value_set=self.person_keys[first:end])
        return _numpy(pc.add(found.cast(pa.int64()), pa.scalar(first, pa.int64())), absent=-1)


def numbered_records(parts: Mapping[str, pa.Table]) -> SpineRecords:
    """The records of each provider's identifier part: `person_key` and, if the profile has them, tokens."""
    providers = tuple(sorted(parts))
    ordered = [parts[provider].sort_by("person_key") for provider in providers]
    sizes = [table.num_rows for table in ordered]
    return SpineRecords(
        provider_ids=providers,
        provider=np.repeat(np.arange(len(providers), dtype=np.int64), sizes),
        person_keys=_column(ordered, "person_key", pa.string()),
        nhs_number=_column(ordered, NHS_NUMBER, pa.int64()),
        date_of_birth=_column(ordered, DATE_OF_BIRTH, pa.int64()),
    )


def _column(tables: list[pa.Table], name: str, kind: pa.DataType) -> pa.Array:
    found = [
        table[name].cast(kind).combine_chunks()
        if name in table.column_names
        else pa.nulls(table.num_rows, kind)
        for table in tables
    ]
    return pa.concat_arrays(found) if found else pa.array([], kind)


def _numpy(numbers: pa.ChunkedArray, *, absent: int) -> Ints:
    return np.asarray(pc.fill_null(numbers, absent).to_numpy(), dtype=np.int64)
