"""Records and pairs of made-up providers, written in few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count

import numpy as np
import pyarrow as pa

from linkage_engine.spine.clusters import Level, LinkedPairs
from linkage_engine.spine.records import SpineRecords, numbered_records

Tokens = Mapping[str, int | None]


def counting() -> Callable[[int], bytes]:
    """Bytes that count up, so that no two ids are the same."""
    numbers = count(1)
    return lambda size: b"".join(next(numbers).to_bytes(16, "big") for _ in range(size // 16))


def records_of(keys: Iterable[str], nhs: Tokens | None = None, born: Tokens | None = None) -> SpineRecords:
    """Records by person key; a key's first letter is its provider."""
    parts: dict[str, list[str]] = {}
    for key in keys:
        parts.setdefault(key[0], []).append(key)
    return numbered_records(
        {
            provider: pa.table(
                {
                    "person_key": pa.array(own, pa.string()),
                    "nhs_number": pa.array([(nhs or {}).get(key) for key in own], pa.int64()),
                    "dob": pa.array([(born or {}).get(key) for key in own], pa.int64()),
                }
            )
            for provider, own in parts.items()
        }
    )


def pairs_of(records: SpineRecords, *pairs: tuple[str, str, float]) -> LinkedPairs:
    """Pairs with their weights: strict from 20 bits on, primary from 10, lenient under that."""
    number = {key: place for place, key in enumerate(records.person_keys.to_pylist())}
    weight = np.array([w for *_, w in pairs], dtype=np.float64)
    level = np.select([weight >= 20, weight >= 10], [Level.STRICT, Level.PRIMARY], Level.LENIENT)
    ends = [np.array([number[pair[end]] for pair in pairs], dtype=np.int64) for end in (0, 1)]
    return LinkedPairs(ends[0], ends[1], weight, level.astype(np.int64))


def groups(records: SpineRecords, labels: Iterable[object]) -> set[frozenset[str]]:
    """The clusters as sets of person keys."""
    found: dict[object, set[str]] = {}
    for key, label in zip(records.person_keys.to_pylist(), labels, strict=True):
        found.setdefault(label, set()).add(key)
    return {frozenset(keys) for keys in found.values()}
