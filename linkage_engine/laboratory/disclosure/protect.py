"""tre-evaluate disclosure protect: a table under a policy, and what the auditor says of it."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.auditor.audit import Findings, audit
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, cells_of
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.primary.concentration import is_unsafe_sum
from linkage_engine.disclosure.protector.dimension import Label
from linkage_engine.disclosure.protector.suppress import room_needed, suppress
from linkage_engine.disclosure.protector.table import Table
from linkage_engine.disclosure.rounding import METHODS, between
from linkage_engine.disclosure.threshold import effective_threshold
from linkage_engine.laboratory.disclosure.audit import figures
from linkage_engine.laboratory.disclosure.table_file import TableFile

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
BATCH = 100_000
"""Cells that a table may have in the laboratory, whatever the policy lets an answer have."""


@dataclass(frozen=True, eq=False)
class Protected:
    """Every cell of a table: its labels, its number in units, what was found and what may be told."""

    file: TableFile
    labels: tuple[tuple[str, ...], ...]
    numbers: Numbers
    primary: Flags
    suppressed: Flags
    told: Numbers
    findings: Findings
    symbol: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The figures; no number of a cell."""
        return {
            "cells": len(self.labels),
            "primary": int(self.primary.sum()),
            "suppressed": int(self.suppressed.sum()),
            "audit": figures(self.findings) | {"seconds": self.seconds_of_audit},
            "safe": self.findings.safe,
            "seconds": round(self.seconds, 3),
        }

    seconds_of_audit: float = 0.0


def protect(file: TableFile, policy: Policy) -> Protected:
    """A table with unsafe cells hidden, and as many more as margins need where numbers stay exact.

    Rounded numbers need no more, for each margin is rounded by itself. `QueryRefused(TABLE_TOO_LARGE)`,
    `MECHANISM_NOT_AVAILABLE` for cell keys and differential privacy, or for rounding sums.
    """
    started = time.perf_counter()
    mechanism = policy.counts.mechanism
    if mechanism not in {"round", "suppress"} or (mechanism == "round" and file.spec.value):
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    table = Table.of(file.spec.dimensions, file.labels, file.numbers, cells=BATCH)
    zeros_shown = policy.threshold.zero.sampling == "show" or file.spec.value is not None
    unsafe, room = _unsafe(table, file, policy)
    hidden = unsafe
    if mechanism == "suppress":
        hidden = suppress(table, unsafe=unsafe, room=room, zeros_shown=zeros_shown)
    cells = table.node_of_cell
    numbers = table.values[cells]
    told = METHODS[policy.counts.method](numbers)
    labels = tuple(tuple(_text(label) for label in labels) for labels in table.labels())
    audited = time.perf_counter()
    findings = _audited(file, labels, hidden=hidden[cells], told=told, method=policy.counts.method)
    return Protected(
        file=file,
        labels=labels,
        numbers=numbers,
        primary=unsafe[cells],
        suppressed=hidden[cells],
        told=told,
        findings=findings,
        symbol=policy.symbols.confidential,
        seconds=time.perf_counter() - started,
        seconds_of_audit=round(time.perf_counter() - audited, 3),
    )


def _unsafe(table: Table, file: TableFile, policy: Policy) -> tuple[Flags, Numbers]:
    """Which nodes are unsafe by themselves, and how much larger each must be able to be."""
    values, persons = table.values, policy.threshold.persons
    if file.spec.value is None:
        at_least = effective_threshold(persons, policy.counts.method)
        small = values < at_least
        if policy.threshold.zero.sampling == "show":
            small &= values > 0
        return table.shown & small, room_needed(values, at_least)
    unsafe = np.zeros(values.size, dtype=np.bool_)
    for node in np.flatnonzero(table.shown & (values > 0)).tolist():
        given = _contributions(file, table.covered(node, file.labels))
        unsafe[node] = is_unsafe_sum(given, threshold=persons, rules=policy.magnitude)
    share = max(policy.magnitude.p_percent, 1) / 100
    return unsafe, np.maximum(room_needed(values, 0), np.ceil(values * share).astype(np.int64))


def _contributions(file: TableFile, inside: Flags) -> Numbers:
    """What each contributor gave to some of the records; without contributors each record is one."""
    if file.contributors is None:
        return file.numbers[inside]
    names = np.asarray(file.contributors)[inside]
    _, owner = np.unique(names, return_inverse=True)
    return np.bincount(owner, weights=file.numbers[inside]).astype(np.int64)


def _audited(
    file: TableFile, labels: tuple[tuple[str, ...], ...], *, hidden: Flags, told: Numbers, method: str
) -> Findings:
    """What the auditor says, which builds the table by itself."""
    theirs, cells, truth = cells_of(file.spec.dimensions, file.labels, file.numbers, cells_allowed=BATCH)
    place = {label: number for number, label in enumerate(labels)}
    order = np.array([place[label] for label in theirs])
    least, most = between(told, method)
    return audit(
        Claim(
            cells,
            truth,
            least=np.where(hidden, 0, least)[order],
            most=np.where(hidden, UNKNOWN, most)[order],
        )
    )


def _text(label: Label) -> str:
    return "Total" if label is None else f"{label[0]}={label[1]}"


def write_protected(protected: Protected, path: Path) -> None:
    """The table as CSV: a row for each cell; what is suppressed stands as the policy's symbol."""
    unit = protected.file.unit
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [f"d{number}" for number in range(1, len(protected.labels[0]) + 1)]
        writer.writerow([*names, "n", "primary", "suppressed", "published"])
        rows = zip(
            protected.labels,
            protected.numbers.tolist(),
            protected.primary.tolist(),
            protected.suppressed.tolist(),
            protected.told.tolist(),
            strict=True,
        )
        for labels, number, primary, suppressed, told in rows:
            published = protected.symbol if suppressed else told * unit
            writer.writerow([*labels, number * unit, primary, suppressed, published])
