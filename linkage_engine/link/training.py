"""What matches look like, learned without truth: best pairs between files, less what decoys foretell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linkage_engine.link.competition import Sides, judged
from linkage_engine.link.matching import Compared, Levels, Model
from linkage_engine.link.model import Comparison, PairModel
from linkage_engine.link.threshold import Floats, Outcome

Places = NDArray[np.int64]

MOST_ROUNDS = 20
SETTLED, SETTLED_MATCHES = 0.002, 2
"""No m moved further than this in a round, or than so many of all matches could move it."""
PRIOR_MATCHES = 20.0
"""What the documented m weighs, in matches."""
LEAST_M = 1e-4
LEAST_OF_DEFAULT = 0.01
"""How far counting may lower a documented u: pairs that nothing brings together are not counted."""


def trained(compared: Compared, comparisons: Model, sides: Sides) -> PairModel:
    """The comparisons with the m that the files teach, in rounds of expectation and maximisation.

    Pairs that are the best of both their ends are weighed by the model so far. Those between the files from
    the threshold on are matches, but for as many as the decoys within the files foretell to be false; the
    levels of the matches, less those of the decoys, are the next m. Where no overlap is seen the documented
    m stand. Rounds that come no nearer to each other jump between two thresholds, each of which teaches
    the other: of such a round half the step is taken.
    """
    first = compared.weighed(comparisons)
    within = ~sides.across(first) & ~sides.duplicates(first)
    documented = comparisons = tuple(
        _with_rare_chances(c, compared.levels[c.name][within], sides) if c.is_rare else c for c in comparisons
    )
    across, taught, settled = sides.across(first), dict.fromkeys((c.name for c in documented), 0), False
    last = np.inf
    for _ in range(MOST_ROUNDS):
        edges = compared.weighed(comparisons)
        seen = judged(edges, sides)
        if seen.threshold.outcome is not Outcome.CHOSEN:
            break
        taken = seen.best & (edges.weight >= seen.threshold.match_weight)
        targets, decoys = np.flatnonzero(taken & across), np.flatnonzero(taken & ~across)
        before, each = comparisons, seen.threshold.false_per_decoy
        comparisons = tuple(_taught(c, compared.levels[c.name], targets, decoys, each) for c in documented)
        taught = {c.name: int((compared.levels[c.name][targets] >= 0).sum()) for c in documented}
        moved = _moved(before, comparisons)
        if moved >= last:
            comparisons = tuple(_halfway(*each) for each in zip(before, comparisons, strict=True))
            moved /= 2
        last = moved
        settled = bool(moved < max(SETTLED, SETTLED_MATCHES / max(len(targets), 1)))
        if settled:
            break
    untrained = tuple(name for name, matches in taught.items() if matches < PRIOR_MATCHES)
    return PairModel(comparisons, untrained, max(sides.records_a, sides.records_b), settled)


def _with_rare_chances(comparison: Comparison, levels: Levels, sides: Sides) -> Comparison:
    """Chance agreement that no sample shows, counted over the pairs that blocking brought together in a file.

    What agrees so rarely brings pairs together by itself, so that hardly any pair of it is missed.
    """
    pairs = max(sum(n * (n - 1) / 2 for n in (sides.records_a, sides.records_b)), 1.0)
    u = (_counts(comparison, levels) + 1) / pairs
    last = len(comparison.levels) - 1
    counted = tuple(
        level
        if level.rarity is not None or at == last
        else replace(level, u=float(max(u[at], level.u * LEAST_OF_DEFAULT)))
        for at, level in enumerate(comparison.levels)
    )
    return replace(comparison, levels=counted)


def _counts(comparison: Comparison, levels: Levels) -> Floats:
    return np.bincount(levels + 1, minlength=len(comparison.levels) + 1)[1:].astype(np.float64)


def _taught(
    comparison: Comparison, levels: Levels, targets: Places, decoys: Places, false_per_decoy: float
) -> Comparison:
    """With the m of the targets, less as many as the decoys stand for."""
    false = _counts(comparison, levels[decoys]) * false_per_decoy
    matches = np.maximum(_counts(comparison, levels[targets]) - false, 0.0)
    default = np.array([level.m for level in comparison.levels])
    m = (matches + PRIOR_MATCHES * default / default.sum()) / (matches.sum() + PRIOR_MATCHES)
    m = np.maximum(m, LEAST_M)
    known = tuple(replace(level, m=float(p)) for level, p in zip(comparison.levels, m / m.sum(), strict=True))
    return replace(comparison, levels=known)


def _halfway(one: Comparison, other: Comparison) -> Comparison:
    """The second, with m half way from the first's."""
    levels = zip(one.levels, other.levels, strict=True)
    return replace(other, levels=tuple(replace(b, m=(a.m + b.m) / 2) for a, b in levels))


def _moved(before: Model, after: Model) -> float:
    """The furthest that any m went."""
    pairs = zip(before, after, strict=True)
    return max(abs(x.m - y.m) for one, other in pairs for x, y in zip(one.levels, other.levels, strict=True))
