"""Tables protected and audited for tests, from plain lists."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.auditor.audit import Findings, audit
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, cells_of
from linkage_engine.disclosure.protector.suppress import room_needed, suppress
from linkage_engine.disclosure.protector.table import Table

Labels = tuple[str, ...]
Dimensions = Sequence[Sequence[str]]
Data = Mapping[str, Sequence[str]]
Numbers = npt.NDArray[np.int64]
CELLS = 100_000


@dataclass(frozen=True)
class Pattern:
    """Which cells are unsafe, which are hidden, and every cell's number."""

    unsafe: frozenset[Labels]
    hidden: frozenset[Labels]
    numbers: Mapping[Labels, int]


def read(path: Path, count: str) -> tuple[Data, Numbers]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    data = {name: [row[name] for row in rows] for name in rows[0]}
    return data, np.array([int(float(text)) for text in data[count]], dtype=np.int64)


def suppressed(
    dimensions: Dimensions, data: Data, numbers: Numbers, *, threshold: int, zeros: bool = False
) -> Pattern:
    """Our pattern; with `zeros`, nobody is unsafe as well."""
    table = Table.of(dimensions, data, numbers, cells=CELLS)
    unsafe = table.shown & (table.values < threshold) & ((table.values > 0) | zeros)
    room = room_needed(table.values, threshold)
    hidden = suppress(table, unsafe=unsafe, room=room, zeros_shown=not zeros)
    labels = [tuple("Total" if one is None else "=".join(one) for one in cell) for cell in table.labels()]
    nodes = table.node_of_cell.tolist()
    return Pattern(
        unsafe=frozenset(label for label, node in zip(labels, nodes, strict=True) if unsafe[node]),
        hidden=frozenset(label for label, node in zip(labels, nodes, strict=True) if hidden[node]),
        numbers={label: int(table.values[node]) for label, node in zip(labels, nodes, strict=True)},
    )


def claim_of(
    dimensions: Dimensions, data: Data, numbers: Numbers, hidden: frozenset[Labels]
) -> tuple[Claim, list[Labels]]:
    labels, cells, truth = cells_of(dimensions, data, numbers, cells_allowed=CELLS)
    secret = np.array([label in hidden for label in labels])
    values = np.asarray(cells @ truth)
    return Claim(cells, truth, np.where(secret, 0, values), np.where(secret, UNKNOWN, values)), labels


def audited(dimensions: Dimensions, data: Data, numbers: Numbers, hidden: frozenset[Labels]) -> Findings:
    return audit(claim_of(dimensions, data, numbers, hidden)[0])
