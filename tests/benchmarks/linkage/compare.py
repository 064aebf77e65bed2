"""Many cases, each linked by a profile and by plaintext behind the same candidate pairs: what is lost."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import replace

from tests.benchmarks.linkage.one import Case, measured
from tests.benchmarks.measure import Figures

SEEDS = range(1, 6)


def compared(cases: Iterable[Case], *, profiles: tuple[str, ...] = ("tokens",)) -> Figures:
    """Every run, and for each kind of case and profile the figures over its seeds."""
    runs = [
        measured(replace(case, profile=profile)) for case in cases for profile in (*profiles, "plaintext")
    ]
    return {"summary": summary(runs, profiles), "runs": runs}


def summary(runs: list[dict[str, object]], profiles: tuple[str, ...]) -> list[Figures]:
    """Means over seeds: blocking recall, one-to-one F1, the best there was, and plaintext's."""
    kinds = list(dict.fromkeys(_kind(run) for run in runs))
    return [_line(runs, kind, profile) for kind in kinds for profile in profiles]


def _line(runs: list[dict[str, object]], kind: tuple[object, ...], profile: str) -> Figures:
    ours, plain = (
        [run for run in runs if _kind(run) == kind and run["profile"] == who]
        for who in (profile, "plaintext")
    )
    losses = [100 * (_one(run, "best_f1") - _one(run, "f1")) for run in ours]
    behind = [100 * (_one(p, "f1") - _one(o, "f1")) for o, p in zip(ours, plain, strict=True)]
    behind_best = [100 * (_one(p, "best_f1") - _one(o, "best_f1")) for o, p in zip(ours, plain, strict=True)]
    return dict(zip(KIND, kind, strict=True)) | {
        "profile": profile,
        "seeds": len(ours),
        "blocking_recall": _mean([float(str(run["blocking_recall"])) for run in ours]),
        "f1": _mean([_one(run, "f1") for run in ours]),
        "best_f1": _mean([_one(run, "best_f1") for run in ours]),
        "plaintext_f1": _mean([_one(run, "f1") for run in plain]),
        "plaintext_best_f1": _mean([_one(run, "best_f1") for run in plain]),
        "behind_plaintext_pp": _mean(behind),
        "behind_plaintext_pp_worst": max(behind),
        "behind_plaintext_best_pp": _mean(behind_best),
        "threshold_loss_pp": _mean(losses),
        "threshold_loss_pp_worst": max(losses),
        "seconds": _mean([_seconds(run) for run in ours]),
        "plaintext_seconds": _mean([_seconds(run) for run in plain]),
    }


KIND = ("layout", "size", "overlap", "dirt")


def _kind(run: dict[str, object]) -> tuple[object, ...]:
    return tuple(run[name] for name in KIND)


def _one(run: dict[str, object], name: str) -> float:
    found = run["one_to_one"]
    assert isinstance(found, dict)
    return float(found[name])


def _seconds(run: dict[str, object]) -> float:
    """Of linking, without encoding."""
    found = run["seconds"]
    assert isinstance(found, dict)
    return sum(float(value) for step, value in found.items() if step != "encode")


def _mean(values: list[float]) -> float:
    return statistics.fmean(values)
