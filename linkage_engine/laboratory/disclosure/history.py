"""The gate alone on anybody's history: what could be computed from it, and how much could be learnt."""

from __future__ import annotations

import resource
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from linkage_engine.disclosure.gate.differences import small_differences
from linkage_engine.disclosure.gate.verdict import DETERMINED, look
from linkage_engine.disclosure.history.leverage import Budget, Leverage, leverage
from linkage_engine.disclosure.history.sets import first_of_each
from linkage_engine.laboratory.disclosure.history_files import read_cells, read_groups


@dataclass(frozen=True, slots=True)
class HistoryEvaluation:
    """The figures of `tre-evaluate disclosure history`; field names are its JSON keys and stay."""

    cells: int
    records: int
    verdict: str
    rank: int
    determined_groups: tuple[int, ...]
    determined_persons: int
    small_differences: int
    undecided: int
    leverage: Leverage
    over_budget: bool
    residual: float
    seconds: float
    seconds_by_part: dict[str, float]
    peak_rss_bytes: int

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self)


def evaluate_history(cells: Path, groups: Path, *, threshold: int) -> HistoryEvaluation:
    """Read a history and say what could be computed of the groups, of persons and of pairs of cells."""
    read = read_cells(cells)
    numbers, protected, records = read_groups(groups, read.records)
    started = time.perf_counter()
    finding = look(read.sets, protected, generator=_fresh())
    looked = time.perf_counter()
    distinct = read.sets.take(first_of_each(read.sets))
    pairs = small_differences(distinct, finding.space.vectors, threshold=threshold, nothing=DETERMINED)
    paired = time.perf_counter()
    learnt = leverage(distinct, persons=records.size, generator=_fresh())
    done = time.perf_counter()
    return HistoryEvaluation(
        cells=len(read.sets),
        records=records.size,
        verdict=finding.verdict.value,
        rank=finding.space.rank,
        determined_groups=tuple(numbers[finding.groups].tolist()),
        determined_persons=finding.persons.size,
        small_differences=len(pairs),
        undecided=finding.undecided,
        leverage=learnt,
        over_budget=learnt.is_over(Budget()),
        residual=finding.space.residual,
        seconds=done - started,
        seconds_by_part={"gate": looked - started, "pairs": paired - looked, "leverage": done - paired},
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _fresh() -> np.random.Generator:
    """The gate's vectors are not foreseen by whoever wrote the history."""
    return np.random.default_rng(secrets.randbits(128))
