"""Admission over the releases of a history in order: what would be published of each, and how fast."""

from __future__ import annotations

import csv
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from linkage_engine.disclosure.admission.admit import Admitted, admit
from linkage_engine.disclosure.admission.state import State, nothing_released
from linkage_engine.disclosure.admission.table import Decision, Table
from linkage_engine.disclosure.history.sets import Numbers


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it was decided."""

    number: int
    cells: Numbers
    admitted: Admitted
    seconds: float

    @property
    def is_refused(self) -> bool:
        """Whether nothing that the threshold allows was told of it."""
        decisions = self.admitted.decisions
        allowed = [each for each in decisions if each is not Decision.SMALL]
        return bool(allowed) and not any(each.is_published for each in allowed)


@dataclass(frozen=True, slots=True)
class AdmitEvaluation:
    """The figures of `tre-evaluate disclosure admit`; field names are its JSON keys and stay.

    hidden_share is of the cells that the threshold allows.
    """

    releases: int
    refused: int
    cells: int
    published: int
    small: int
    hidden: int
    hidden_share: float
    decisions: dict[str, int]
    groups: int
    groups_determined: int
    rank: int
    most_rounds: int
    seconds: float
    seconds_per_release: dict[str, float]
    peak_rss_bytes: int

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self)


def releases(tables: Iterable[tuple[int, Numbers, Table]], *, threshold: int, seed: int) -> Iterator[Release]:
    """Decide one release after the other, each after everything published before it."""
    state = nothing_released()
    for number, cells, table in tables:
        started = time.perf_counter()
        random = np.random.default_rng([seed, number])
        admitted = admit(state, table, threshold=threshold, generator=random)
        state = admitted.state
        yield Release(number, cells, admitted, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is remembered by: all decisions, not all states."""

    decisions: tuple[tuple[int, int, Decision], ...]
    refused: int
    most_rounds: int
    seconds: tuple[float, ...]
    state: State


def run(tables: Iterable[tuple[int, Numbers, Table]], *, threshold: int, seed: int) -> Run:
    """All releases of a history in order."""
    decisions: list[tuple[int, int, Decision]] = []
    seconds: list[float] = []
    refused, most_rounds, state = 0, 0, nothing_released()
    for release in releases(tables, threshold=threshold, seed=seed):
        each = zip(release.cells.tolist(), release.admitted.decisions, strict=True)
        decisions += [(release.number, cell, decision) for cell, decision in each]
        seconds.append(release.seconds)
        refused += release.is_refused
        most_rounds = max(most_rounds, release.admitted.rounds)
        state = release.admitted.state
    return Run(tuple(decisions), refused, most_rounds, tuple(seconds), state)


def figures(done: Run) -> AdmitEvaluation:
    """The figures of a run."""
    counts = Counter(decision for _, _, decision in done.decisions)
    cells, small, hidden = counts.total(), counts[Decision.SMALL], counts[Decision.HIDDEN]
    seconds = np.array(done.seconds) if done.seconds else np.zeros(1)
    p50, p95 = np.percentile(seconds, [50, 95]).tolist()
    return AdmitEvaluation(
        releases=len(done.seconds),
        refused=done.refused,
        cells=cells,
        published=cells - small - hidden,
        small=small,
        hidden=hidden,
        hidden_share=hidden / max(1, cells - small),
        decisions={each.value: counts[each] for each in Decision},
        groups=len(done.state.groups),
        groups_determined=done.state.groups_determined,
        rank=done.state.rank,
        most_rounds=done.most_rounds,
        seconds=float(seconds.sum()),
        seconds_per_release={"mean": float(seconds.mean()), "p50": p50, "p95": p95},
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def write_decisions(path: Path, done: Run) -> None:
    """release, cell, outcome (published or hidden) and reason, one row a cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["release", "cell", "outcome", "reason"])
        for release, cell, decision in done.decisions:
            outcome = "published" if decision.is_published else "hidden"
            writer.writerow([release, cell, outcome, decision.value])
