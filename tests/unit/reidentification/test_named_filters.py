from __future__ import annotations

import hashlib

import numpy as np

from linkage_engine.laboratory.reidentification.filters import Table, distinct, named_filters

STARTS = ("SMI", "TAY", "BRO", "WAL", "HAR", "CLA", "MAR", "COO", "WAR", "BAK", "TUR", "PAR", "EDW", "COL")
ENDS = ("TH", "LOR", "WN", "KER", "RIS", "RKE", "TIN", "PER", "DEN", "NER", "SON", "ARD", "LEY", "TON", "MAN")
NAMES = tuple(start + end for start in STARTS for end in ENDS)


def _filter(name: str) -> np.ndarray:
    bits = np.zeros(256, dtype=np.bool_)
    marked = f"_{name}_"
    for at in range(len(marked) - 1):
        bits[list(hashlib.sha256(marked[at : at + 2].encode()).digest()[:16])] = True
    return bits


def _attacked(known: int) -> float:
    random = np.random.default_rng(1)
    true = random.permutation(np.repeat(np.arange(len(NAMES)), 4))
    filters = distinct(np.stack([_filter(name) for name in NAMES])[true])
    certain = np.full(len(filters.counts), -1, dtype=np.int64)
    certain[filters.of_record[:known]] = true[:known]
    table = Table(NAMES, np.zeros(len(NAMES), dtype=np.float32), {"family_name": np.arange(len(NAMES))})
    found = named_filters({"family_name": filters}, {"family_name": certain}, table)["family_name"]
    return float((found == true).mean())


def test_letters_learnt_from_some_known_people_name_most_others() -> None:
    assert _attacked(30) > 0.8


def test_nobody_known_teaches_no_letters() -> None:
    assert _attacked(0) < 0.05


def test_filters_are_told_apart_and_none_is_none() -> None:
    bits = np.zeros((4, 256), dtype=np.bool_)
    bits[0, 3] = bits[1, 3] = bits[2, 7] = True
    found = distinct(bits)
    assert found.of_record.tolist() == [0, 0, 1, -1]
    assert found.counts.tolist() == [2, 1]
    assert np.flatnonzero(found.bits[1]).tolist() == [7]
