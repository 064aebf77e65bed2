"""Two token tables in, linked pairs and figures out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.thresholds import Thresholds
from linkage_engine.link.assignment import Assignment, one_to_one
from linkage_engine.link.candidates import LeftOut
from linkage_engine.link.captures import matches_at_least
from linkage_engine.link.chance import with_chance
from linkage_engine.link.competition import Judged, Sides, judged
from linkage_engine.link.engine import Database
from linkage_engine.link.kept import Weighed, candidates_of, kept_table
from linkage_engine.link.matching import Compared, Edges, Model, compared, prior_bits, quiet, registered
from linkage_engine.link.model import PairModel
from linkage_engine.link.prepare import Prepared, prepared
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.quality import NHS_NUMBER, PairQuality, levels_of, numbered, reach, weights
from linkage_engine.link.threshold import Curve, Flags, Floats, Outcome, three_levels
from linkage_engine.link.training import trained

KeepModel = Callable[[PairModel], None]
Places = NDArray[np.int64]
CURVE_POINTS = 200
PAIRS_AT_A_TIME = 4_000_000
"""About 1.5 GB of Splink's table."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What a linkage is told before it sees a record: the profile, a seed, and who may be repeated."""

    profile: LinkageProfile
    seed: int
    assignment: Assignment = Assignment.ONE_TO_ONE


@dataclass(frozen=True, slots=True, repr=False)
class ScoredPairs:
    """Every blocked pair between and within two files, and what it took to weigh them."""

    edges: Edges
    sides: Sides
    person_keys: pa.Array
    """Of the record numbers in `edges`: the first file's, then the second's."""
    compared: Compared
    """The same pairs with the levels of their comparisons."""
    model: PairModel
    unnumbered: Edges
    """The same pairs with weights that say nothing of the NHS number."""
    numbers: pa.Array
    """Of each record the token of its NHS number, null where it has none."""
    reach: Floats
    """Of each record the weight with one that agrees in everything it has."""
    left_out: Mapping[str, LeftOut]
    """Tokens that too many records share, by group."""
    seconds: dict[str, float]

    @property
    def captured(self) -> tuple[Flags, Flags]:
        """Which pairs agree on the date of birth, and which on the postcode."""
        return self.compared.levels["dob"] == 0, self.compared.levels["postcode"] == 0


@dataclass(frozen=True, slots=True, repr=False)
class ExactFigures:
    """What was counted; exact, and so inside only."""

    records_a: int
    records_b: int
    candidate_pairs: int
    links: int
    match_weight_threshold: float
    estimated_false_link_rate: float
    decoys: int
    left_out: Mapping[str, LeftOut]
    untrained_comparisons: tuple[str, ...]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True, repr=False)
class Grounds:
    """What the threshold rests on, for the quality report; exact, and so inside only."""

    outcome: Outcome
    curve: Curve
    duplicates_a: int
    """Pairs of records within the first file that were taken for one person."""
    duplicates_b: int
    matches_at_least: float
    """Matches that there are by capture and recapture, found or not."""
    is_settled: bool
    """Whether the training of the model came to rest."""


@dataclass(frozen=True, slots=True)
class LinkResult:
    """Pairs (person_key_a, person_key_b, match_weight), heaviest first; and the figures."""

    pairs: pa.Table
    """Of the primary threshold, each record as often as the assignment allows."""
    kept: pa.Table
    """What a later linkage of nearly the same records begins with: `kept.kept_table`."""
    thresholds: Thresholds
    model: PairModel
    figures: ExactFigures
    grounds: Grounds
    quality: PairQuality

    @property
    def candidates(self) -> pa.Table:
        """Every pair between the files from the lenient threshold on, with the columns of `pairs`."""
        return candidates_of(self.kept)


def link_pair(
    database: Database,
    a: pa.Table,
    b: pa.Table,
    *,
    settings: LinkSettings,
    model: PairModel | None = None,
    keep: KeepModel | None = None,
) -> LinkResult:
    """The links between two identifier parts: `person_key` and the token columns of the profile.

    The result depends on the two sets of records and the seed, not on their order. The connection may be
    locked; DuckDB 2.0 wants `disabled_optimizers='join_order'` on it. A model that `keep` was given when the
    same files were linked before spares the training. Raises CannotLink.
    """
    return linked(scored_pairs(database, a, b, settings=settings, model=model, keep=keep), settings)


def linked(found: ScoredPairs, settings: LinkSettings) -> LinkResult:
    """The links that the competition of scored pairs gives, and its figures."""
    started = time.perf_counter()
    edges, between = found.edges, found.sides.across(found.edges)
    seen = judged(edges, found.sides)
    threshold, levels = seen.threshold, three_levels(seen.threshold)
    may_link = between & (threshold.outcome is not Outcome.NO_OVERLAP)
    places = np.flatnonzero(may_link & (edges.weight >= levels.primary))
    left, right = seen.persons[edges.left[places]], edges.right[places]
    if settings.assignment is Assignment.ONE_TO_ONE:
        right = seen.persons[right]
    kept = places[one_to_one(left, right, edges.weight[places], settings.assignment)]
    figures = ExactFigures(
        records_a=found.sides.records_a,
        records_b=found.sides.records_b,
        candidate_pairs=int(between.sum()),
        links=len(kept),
        match_weight_threshold=threshold.match_weight,
        estimated_false_link_rate=threshold.false_link_rate,
        decoys=threshold.decoys,
        left_out=found.left_out,
        untrained_comparisons=found.model.untrained,
        seconds=found.seconds | {"assign": time.perf_counter() - started},
    )
    grounds = _grounds(found, seen, kept)
    is_candidate = may_link & (edges.weight >= levels.lenient)
    weighed = Weighed(found.compared, edges.weight, is_candidate, seen.best)
    return LinkResult(
        _pairs(found, kept),
        kept_table(weighed, found.sides, found.person_keys, lenient=levels.lenient),
        levels,
        found.model,
        figures,
        grounds,
        _quality(found, seen, grounds, levels),
    )


def scored_pairs(
    database: Database,
    a: pa.Table,
    b: pa.Table,
    *,
    settings: LinkSettings,
    model: PairModel | None = None,
    keep: KeepModel | None = None,
) -> ScoredPairs:
    """All blocked pairs of two identifier parts with match weights, from a model trained without truth.

    A model that is given is used as it is; one that was trained is given to `keep` before anything is scored.
    Raises CannotLink, without the words of the libraries.
    """
    ticks = [time.perf_counter()]
    sides = Sides(a.num_rows, b.num_rows, prior_bits(max(a.num_rows, b.num_rows)))
    with quiet():
        ready = prepared(a, b, MODELS[settings.profile])
        ticks.append(time.perf_counter())
        comparisons = MODELS[settings.profile].comparisons if model is None else model.comparisons
        if model is None:
            comparisons = with_chance(database, ready.larger, comparisons, seed=settings.seed)
        ticks.append(time.perf_counter())
        found = compared_pairs(database, ready, comparisons, records=max(a.num_rows, b.num_rows))
        ticks.append(time.perf_counter())
        if model is None:
            model = trained(found, comparisons, sides)
            if keep is not None:
                keep(model)
        ticks.append(time.perf_counter())
    prepare, chance, predict, train = (later - sooner for sooner, later in pairwise(ticks))
    seconds = {"prepare": prepare, "train": chance + train, "predict": predict}
    return weighed_pairs(database, ready, found, model, seconds)


def compared_pairs(database: Database, ready: Prepared, comparisons: Model, *, records: int) -> Compared:
    """Every pair of two prepared files and what each comparison finds, some of the pairs at a time.

    `records`, of the larger file, tell the odds of any two records before anything is compared.
    """
    found = []
    for part in ready.parts(PAIRS_AT_A_TIME):
        with registered(database, part, whole=ready.whole) as files:
            found.append(compared(files, comparisons, records=records))
    return Compared.together(found, comparisons)


def weighed_pairs(
    database: Database,
    ready: Prepared,
    found: Compared,
    model: PairModel,
    seconds: dict[str, float],
) -> ScoredPairs:
    """Compared pairs of two prepared files with the weights of a model, and what each record may reach."""
    with quiet():
        reached = reach(database, ready.whole, model)
    return ScoredPairs(
        edges=found.weighed(model.comparisons),
        sides=Sides(ready.records_a, ready.whole.num_rows - ready.records_a, prior_bits(model.records)),
        person_keys=ready.person_keys,
        compared=found,
        model=model,
        unnumbered=found.weighed(tuple(c for c in model.comparisons if c.name != NHS_NUMBER)),
        numbers=ready.whole[NHS_NUMBER].combine_chunks(),
        reach=reached,
        left_out=ready.pairs.left_out,
        seconds=seconds,
    )


def _grounds(found: ScoredPairs, seen: Judged, links: Places) -> Grounds:
    inside_a = found.edges.right < found.sides.records_a
    by_date, by_postcode = (captured[links] for captured in found.captured)
    return Grounds(
        outcome=seen.threshold.outcome,
        curve=seen.curve.thinned(CURVE_POINTS),
        duplicates_a=int((seen.duplicates & inside_a).sum()),
        duplicates_b=int((seen.duplicates & ~inside_a).sum()),
        matches_at_least=max(float(len(links)), matches_at_least(by_date, by_postcode)),
        is_settled=found.model.settled,
    )


def _quality(found: ScoredPairs, seen: Judged, grounds: Grounds, thresholds: Thresholds) -> PairQuality:
    edges, sides = found.edges, found.sides
    across, short = sides.across(edges), found.reach < thresholds.primary
    known = numbered(found.unnumbered, sides, found.numbers)
    return PairQuality(
        outcome=grounds.outcome.value,
        is_settled=grounds.is_settled,
        levels=levels_of(thresholds.strict, thresholds.lenient, edges, seen, sides),
        pair_weights=weights(edges, seen.best & across),
        decoy_weights=weights(edges, seen.best & ~across),
        unlinkable_a=int(short[: sides.records_a].sum()),
        unlinkable_b=int(short[sides.records_a :].sum()),
        duplicates_a=grounds.duplicates_a,
        duplicates_b=grounds.duplicates_b,
        matches_at_least=grounds.matches_at_least,
        numbered_pairs=known.pairs,
        numbered_links=known.links,
        numbered_correct=known.correct,
    )


def _pairs(found: ScoredPairs, places: Places) -> pa.Table:
    """The edges at some places under their person keys."""
    edges = found.edges
    return pa.table(
        {
            "person_key_a": found.person_keys.take(pa.array(edges.left[places])),
            "person_key_b": found.person_keys.take(pa.array(edges.right[places])),
            "match_weight": pa.array(edges.weight[places]),
        }
    )
