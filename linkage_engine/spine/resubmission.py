"""What a resubmission changes: records told apart by person key and a digest of their tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DIGEST_BYTES = 16
RECORD_SET = pa.schema([("person_key", pa.string()), ("digest", pa.binary(DIGEST_BYTES))])
"""One row a record, by person key."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RecordSet:
    """A provider's records as far as another delivery is to be compared with them; shows nothing."""

    table: pa.Table
    name: str
    """A digest of the whole set: equal sets, whatever their order, have the same one."""

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def person_keys(self) -> pa.Array:
        """Of all records, in order."""
        return self.table["person_key"].combine_chunks()


@dataclass(frozen=True, slots=True)
class Difference:
    """How many records of a provider are new, changed and gone since an earlier set."""

    new: int
    changed: int
    gone: int
    of: int
    """Records of the larger set."""

    @property
    def share(self) -> float:
        """Those that differ, of all; nothing differs between empty sets."""
        return (self.new + self.changed + self.gone) / self.of if self.of else 0.0


MOST_FRESH = 0.2
"""More of a provider's records new, changed or gone at once, and the model may not be theirs any more."""
MOST_RESUBMISSIONS = 4
"""So many resubmissions one after the other are linked with one model: a year of quarters."""


def is_full_run_due(differences: Iterable[Difference], *, resubmissions: int) -> bool:
    """Whether a model is too old to link the next resubmission with."""
    return resubmissions >= MOST_RESUBMISSIONS or any(one.share > MOST_FRESH for one in differences)


def record_set(identifiers: pa.Table) -> RecordSet:
    """The records of an identifier part, each with a digest of its whole encoded row.

    Lists are padded the same in each delivery as long as the record is the same, so that an unchanged record
    has an unchanged row.
    """
    ordered = identifiers.select(sorted(identifiers.column_names)).sort_by("person_key").combine_chunks()
    keys = ordered["person_key"].combine_chunks().cast(pa.string())
    rows = [
        _row_bytes(ordered[name].combine_chunks()) for name in ordered.column_names if name != "person_key"
    ]
    whole = np.ascontiguousarray(np.hstack(rows)) if rows else np.zeros((len(keys), 0), np.uint8)
    digests = [hashlib.blake2b(row.data, digest_size=DIGEST_BYTES).digest() for row in whole]
    table = pa.table([keys, pa.array(digests, pa.binary(DIGEST_BYTES))], schema=RECORD_SET)
    return as_record_set(table)


def as_record_set(table: pa.Table) -> RecordSet:
    """A set that was kept."""
    total = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for key, digest in zip(table["person_key"].to_pylist(), table["digest"].to_pylist(), strict=True):
        total.update(key.encode() + b"\0" + digest)
    return RecordSet(table, total.hexdigest())


def fresh_records(earlier: RecordSet, now: RecordSet) -> tuple[pa.Array, Difference]:
    """The person keys of records that are new or changed since an earlier set, and how many differ."""
    before = pc.index_in(now.person_keys, value_set=earlier.person_keys)
    was = earlier.table["digest"].combine_chunks().take(before)
    same = pc.fill_null(pc.equal(was, now.table["digest"].combine_chunks()), fill_value=False)
    known = len(now) - before.null_count
    changed = known - int(pc.sum(same).as_py() or 0)
    keys = now.person_keys.filter(pc.invert(same))
    difference = Difference(len(now) - known, changed, len(earlier) - known, max(len(now), len(earlier)))
    return keys, difference


def _row_bytes(column: pa.Array) -> np.ndarray:
    """The values of a column and where there are any, as bytes: a row a record."""
    present = column.is_valid().to_numpy(zero_copy_only=False).reshape(-1, 1).view(np.uint8)
    if not pa.types.is_list(column.type):
        values = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype("<i8").reshape(-1, 1)
        return np.hstack([present, values.view(np.uint8)])
    longest = pc.max(pc.list_value_length(column)).as_py() or 0
    filler = pa.scalar([0] * longest, column.type)
    values = pc.fill_null(column, filler).flatten().to_numpy(zero_copy_only=False).astype("<i8")
    return np.hstack([present, np.ascontiguousarray(values.reshape(len(column), longest)).view(np.uint8)])
