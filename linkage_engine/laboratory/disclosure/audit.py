"""tre-evaluate disclosure audit: the auditor alone on anybody's pattern."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.auditor.audit import Findings, audit
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, cells_of
from linkage_engine.disclosure.auditor.ranges import Range, exact_ranges
from linkage_engine.laboratory.disclosure.table_file import TableFile

Labels = tuple[str, ...]
TRUE = frozenset({"true", "1", "yes"})
RANGES_UP_TO = 500
"""Hidden cells up to which every range is computed to its ends; beyond, as far as witnesses reach."""


def audit_pattern(table: TableFile, pattern: Path, *, cells_allowed: int = 100_000) -> dict[str, Any]:
    """What the cells that a pattern shows exactly tell of those it suppresses, as JSON.

    A pattern that has not every cell once, or says of one neither that it is suppressed nor that it is
    not, is `QueryRefused(PATTERN_INVALID)`.
    """
    started = time.perf_counter()
    labels, cells, truth = cells_of(
        table.spec.dimensions, table.labels, table.numbers, cells_allowed=cells_allowed
    )
    hidden = _suppressed(pattern, labels)
    values = np.asarray(cells @ truth)
    claim = Claim(cells, truth, np.where(hidden, 0, values), np.where(hidden, UNKNOWN, values))
    found = audit(claim)
    ranges = exact_ranges(claim, found, up_to=RANGES_UP_TO)
    return {
        "cells": len(labels),
        "suppressed": int(hidden.sum()),
        "determined": [
            {"cell": labels[cell], "value": _told(values[cell], table)} for cell in found.determined
        ],
        "ranges": [_range(labels[cell], each, table) for cell, each in sorted(ranges.items())],
        "undecided": [{"cell": labels[cell]} for cell in found.undecided],
        "lps": found.programs,
        "certificates": len(found.worlds),
        "safe": found.safe,
        "seconds": round(time.perf_counter() - started, 3),
    }


def figures(found: Findings) -> dict[str, object]:
    """What an audit found, in numbers."""
    return {
        "determined": len(found.determined),
        "undecided": len(found.undecided),
        "lps": found.programs,
        "certificates": len(found.worlds),
    }


def _told(number: int, table: TableFile) -> float:
    return float(int(number) * table.unit)


def _range(labels: Labels, found: Range, table: TableFile) -> dict[str, object]:
    high = None if found.high is None else _told(found.high, table)
    return {"cell": labels, "low": _told(found.low, table), "high": high, "exact": found.exact}


def _suppressed(path: Path, labels: list[Labels]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which cells a pattern suppresses; nothing else in it is believed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"d{number}" for number in range(1, len(labels[0]) + 1)]
    if not rows or not {*names, "suppressed"} <= rows[0].keys():
        raise QueryRefused(RefusalCode.PATTERN_INVALID, rows=len(rows))
    said = {tuple(row[name] for name in names): (row["suppressed"] or "").strip().lower() for row in rows}
    known = TRUE | {"false", "0", "no"}
    if len(said) != len(rows) or said.keys() != set(labels) or not set(said.values()) <= known:
        raise QueryRefused(RefusalCode.PATTERN_INVALID, rows=len(rows), cells=len(labels))
    return np.array([said[label] in TRUE for label in labels])
