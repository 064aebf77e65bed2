"""Two token tables in, linked pairs and figures out."""

from __future__ import annotations

import time
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.link.assignment import one_to_one
from linkage_engine.link.chance import with_chance
from linkage_engine.link.matching import Edges, quiet, registered, scored, trained
from linkage_engine.link.model import Comparison
from linkage_engine.link.prepare import prepared
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.threshold import Flags, chosen, mutual_best


@dataclass(frozen=True, slots=True, repr=False)
class ScoredPairs:
    """Every blocked pair between and within two files, and what it took to weigh them."""

    edges: Edges
    person_keys: pa.Array
    """Of the record numbers in `edges`: the first file's, then the second's."""
    records_a: int
    comparisons: tuple[Comparison, ...]
    untrained: tuple[str, ...]
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
    figures: ExactFigures


def link_pair(
    connection: duckdb.DuckDBPyConnection, a: pa.Table, b: pa.Table, *, profile: LinkageProfile, seed: int
) -> LinkResult:
    """The links between two identifier parts: `person_key` and the token columns of the profile.

    The result depends on the two sets of records and the seed, not on their order. The connection may be
    locked; DuckDB 2.0 wants `disabled_optimizers='join_order'` on it. Raises CannotLink.
    """
    found = scored_pairs(connection, a, b, profile=profile, seed=seed)
    started = time.perf_counter()
    edges, between, records = found.edges, found.between(), len(found.person_keys)
    best = mutual_best(edges.left, edges.right, edges.weight, records)
    threshold = chosen(
        edges.weight[between & best],
        edges.weight[best & ~between],
        records_a=found.records_a,
        records_b=records - found.records_a,
    )
    pairs = _links(found, between & (edges.weight >= threshold.match_weight))
    figures = ExactFigures(
        records_a=found.records_a,
        records_b=records - found.records_a,
        candidate_pairs=int(between.sum()),
        links=pairs.num_rows,
        match_weight_threshold=threshold.match_weight,
        estimated_false_link_rate=threshold.false_link_rate,
        decoys=threshold.decoys,
        tokens_dropped=found.tokens_dropped,
        untrained_comparisons=found.untrained,
        seconds=found.seconds | {"assign": time.perf_counter() - started},
    )
    return LinkResult(pairs, figures)


def scored_pairs(
    connection: duckdb.DuckDBPyConnection, a: pa.Table, b: pa.Table, *, profile: LinkageProfile, seed: int
) -> ScoredPairs:
    """All blocked pairs of two identifier parts with match weights, from a model trained without truth.

    Raises CannotLink, without the words of the libraries.
    """
    ticks = [time.perf_counter()]
    with quiet():
        ready = prepared(a, b, MODELS[profile])
        ticks.append(time.perf_counter())
        larger = max(ready.a, ready.b, key=lambda table: table.num_rows)
        comparisons = with_chance(connection, larger, MODELS[profile].comparisons, seed=seed)
        with registered(connection, ready.a, ready.b) as files:
            comparisons, untrained = trained(files, comparisons)
            ticks.append(time.perf_counter())
            edges = scored(files, comparisons)
            ticks.append(time.perf_counter())
    steps = zip(("prepare", "train", "predict"), ticks[:-1], ticks[1:], strict=True)
    return ScoredPairs(
        edges=edges,
        person_keys=ready.person_keys,
        records_a=a.num_rows,
        comparisons=comparisons,
        untrained=untrained,
        tokens_dropped=ready.tokens_dropped,
        seconds={step: later - sooner for step, sooner, later in steps},
    )


def _links(found: ScoredPairs, accepted: Flags) -> pa.Table:
    """The accepted pairs, one to one, under their person keys."""
    edges = found.edges
    left, right, weight = edges.left[accepted], edges.right[accepted], edges.weight[accepted]
    kept = one_to_one(left, right, weight)
    return pa.table(
        {
            "person_key_a": found.person_keys.take(pa.array(left[kept])),
            "person_key_b": found.person_keys.take(pa.array(right[kept])),
            "match_weight": pa.array(weight[kept]),
        }
    )
