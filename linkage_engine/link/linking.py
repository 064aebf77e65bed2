"""Two token tables in, linked pairs and figures out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.thresholds import Thresholds
from linkage_engine.link.assignment import one_to_one
from linkage_engine.link.chance import with_chance
from linkage_engine.link.matching import Edges, quiet, registered, scored, trained
from linkage_engine.link.model import PairModel
from linkage_engine.link.prepare import prepared
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.threshold import Flags, chosen, mutual_best, three_levels

KeepModel = Callable[[PairModel], None]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What a linkage is told before it sees a record: how identifiers were encoded, and a seed."""

    profile: LinkageProfile
    seed: int


@dataclass(frozen=True, slots=True, repr=False)
class ScoredPairs:
    """Every blocked pair between and within two files, and what it took to weigh them."""

    edges: Edges
    person_keys: pa.Array
    """Of the record numbers in `edges`: the first file's, then the second's."""
    records_a: int
    model: PairModel
    tokens_dropped: int
    seconds: dict[str, float]

    def between(self) -> Flags:
        """Which edges go from one file to the other."""
        return (self.edges.left < self.records_a) & (self.edges.right >= self.records_a)


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
    tokens_dropped: int
    untrained_comparisons: tuple[str, ...]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class LinkResult:
    """Pairs (person_key_a, person_key_b, match_weight), heaviest first, each record once; and the figures."""

    pairs: pa.Table
    """Of the primary threshold."""
    candidates: pa.Table
    """Every pair between the files from the lenient threshold on, of the same columns."""
    thresholds: Thresholds
    model: PairModel
    figures: ExactFigures


def link_pair(
    connection: duckdb.DuckDBPyConnection,
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
    found = scored_pairs(connection, a, b, settings=settings, model=model, keep=keep)
    started = time.perf_counter()
    edges, between, records = found.edges, found.between(), len(found.person_keys)
    best = mutual_best(edges.left, edges.right, edges.weight, records)
    threshold = chosen(
        edges.weight[between & best],
        edges.weight[best & ~between],
        records_a=found.records_a,
        records_b=records - found.records_a,
    )
    thresholds = three_levels(threshold)
    pairs = _links(found, between & (edges.weight >= thresholds.primary))
    figures = ExactFigures(
        records_a=found.records_a,
        records_b=records - found.records_a,
        candidate_pairs=int(between.sum()),
        links=pairs.num_rows,
        match_weight_threshold=threshold.match_weight,
        estimated_false_link_rate=threshold.false_link_rate,
        decoys=threshold.decoys,
        tokens_dropped=found.tokens_dropped,
        untrained_comparisons=found.model.untrained,
        seconds=found.seconds | {"assign": time.perf_counter() - started},
    )
    candidates = _pairs(found, np.flatnonzero(between & (edges.weight >= thresholds.lenient)))
    return LinkResult(pairs, candidates, thresholds, found.model, figures)


def scored_pairs(
    connection: duckdb.DuckDBPyConnection,
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
    with quiet():
        ready = prepared(a, b, MODELS[settings.profile])
        ticks.append(time.perf_counter())
        with registered(connection, ready.a, ready.b) as files:
            if model is None:
                larger = max(ready.a, ready.b, key=lambda table: table.num_rows)
                comparisons = MODELS[settings.profile].comparisons
                comparisons = with_chance(connection, larger, comparisons, seed=settings.seed)
                model = PairModel(*trained(files, comparisons), records=larger.num_rows)
                if keep is not None:
                    keep(model)
            ticks.append(time.perf_counter())
            edges = scored(files, model)
            ticks.append(time.perf_counter())
    steps = zip(("prepare", "train", "predict"), ticks[:-1], ticks[1:], strict=True)
    return ScoredPairs(
        edges=edges,
        person_keys=ready.person_keys,
        records_a=a.num_rows,
        model=model,
        tokens_dropped=ready.tokens_dropped,
        seconds={step: later - sooner for step, sooner, later in steps},
    )


def _links(found: ScoredPairs, accepted: Flags) -> pa.Table:
    """The accepted pairs, one to one, heaviest first."""
    edges, places = found.edges, np.flatnonzero(accepted)
    return _pairs(found, places[one_to_one(edges.left[places], edges.right[places], edges.weight[places])])


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
