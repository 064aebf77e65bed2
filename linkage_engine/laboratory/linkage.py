"""How well two files are linked, measured against known truth; thresholds are chosen without it."""

from __future__ import annotations

import resource
import time
from dataclasses import asdict, dataclass
from functools import partial

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.encoding import encoded
from linkage_engine.laboratory.records import Records, normalised
from linkage_engine.laboratory.reliability import Reliability, reliability
from linkage_engine.laboratory.scores import Flags, Floats, best_f1, number_of_true_pairs, scores_from
from linkage_engine.link.assignment import one_to_one
from linkage_engine.link.competition import Judged, Sides, judged
from linkage_engine.link.engine import Database
from linkage_engine.link.linking import LinkSettings, ScoredPairs, scored_pairs
from linkage_engine.link.matching import Edges, prior_bits
from linkage_engine.link.on_spark import OnSpark
from linkage_engine.link.plaintext import plaintext_edges
from linkage_engine.link.prepare import prepared
from linkage_engine.link.profiles import MODELS
from linkage_engine.link.spark_session import SparkPlace, spark_session
from linkage_engine.link.threshold import Outcome

Seconds = dict[str, float]
Weighed = tuple[Edges, Seconds, ScoredPairs | None]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and F1 at a threshold, and the best F1 that any threshold would have reached."""

    threshold: float
    precision: float
    recall: float
    f1: float
    best_f1: float


@dataclass(frozen=True, slots=True)
class LinkageEvaluation:
    """The figures of `tre-evaluate linkage`; field names are its JSON keys and stay."""

    profile: str
    records_a: int
    records_b: int
    true_pairs: int
    blocking_recall: float
    candidate_pairs: int
    best_f1: float
    operating: Quality
    one_to_one: Quality
    reliability: Reliability
    seconds: Seconds
    encode_rows_per_second: float
    peak_rss_bytes: int

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, repr=False)
class Linked:
    """Two files linked without a look at the truth; records of the second are numbered after the first's."""

    edges: Edges
    sides: Sides
    seen: Judged
    threshold: float
    """Infinite where no overlap is seen: then nothing is linked."""
    single: Places
    """Of the pairs between the files, in their order, those that a one-to-one assignment keeps."""
    seconds: Seconds
    scored: ScoredPairs | None
    """What the service would keep of the pairs; of plaintext nothing."""

    def between(self) -> Edges:
        """The pairs between the files."""
        across = self.sides.across(self.edges)
        return Edges(self.edges.left[across], self.edges.right[across], self.edges.weight[across])


def link_files(
    a: Records,
    b: Records,
    *,
    profile: LinkageProfile,
    threads: int,
    seed: int,
    place: SparkPlace | None = None,
) -> Linked:
    """Two files linked as the profile allows; the threshold comes from target-decoy competition.

    In a place on Spark tokens alone are linked, and memory is measured without that of Java.
    """
    if place is None:
        with duckdb.connect(config={"threads": threads}) as connection:
            # Splink's joins exhaust memory under DuckDB 2.0's join order optimiser.
            connection.execute("SET disabled_optimizers = 'join_order'")
            connection.execute("SET enable_progress_bar = false")
            weigh = _plaintext if profile is LinkageProfile.PLAINTEXT else partial(_tokens, profile=profile)
            edges, seconds, scored = weigh(
                connection, a.identifiers, b.identifiers, seed=seed, threads=threads
            )
    else:
        with spark_session(place) as session:
            edges, seconds, scored = _tokens(
                OnSpark(session), a.identifiers, b.identifiers, seed=seed, threads=threads, profile=profile
            )
    started = time.perf_counter()
    size, other = len(a.people), len(b.people)
    sides = Sides(size, other, prior_bits(max(size, other)))
    across, seen = sides.across(edges), judged(edges, sides)
    chosen = seen.threshold
    threshold = np.inf if chosen.outcome is Outcome.NO_OVERLAP else chosen.match_weight
    left, right, weight = edges.left[across], edges.right[across], edges.weight[across]
    single = one_to_one(seen.persons[left], seen.persons[right], weight)
    seconds["assign"] = time.perf_counter() - started
    return Linked(edges, sides, seen, threshold, single, seconds, scored)


def truth_of(found: Linked, a: Records, b: Records) -> tuple[Flags, int]:
    """Which pairs between the files are of one person, and how many such pairs there are."""
    people, pairs = np.array([*a.people, *b.people], dtype=object), found.between()
    first = people[pairs.left]
    is_true: Flags = (first == people[pairs.right]) & (first != None)  # noqa: E711 - elementwise
    return is_true, number_of_true_pairs(a.people, b.people)


def evaluate_linkage(
    a: Records, b: Records, *, profile: LinkageProfile, threads: int, seed: int
) -> LinkageEvaluation:
    """Link two files as the profile allows and score what was found against the truth.

    `operating` accepts every pair from the threshold on, `one_to_one` each record once; the threshold comes
    from target-decoy competition and is chosen before the truth is looked at.
    """
    return evaluated(link_files(a, b, profile=profile, threads=threads, seed=seed), a, b, profile=profile)


def evaluated(found: Linked, a: Records, b: Records, *, profile: LinkageProfile) -> LinkageEvaluation:
    """The scores of two linked files against the truth."""
    threshold, single, weight = found.threshold, found.single, found.between().weight
    is_true, true = truth_of(found, a, b)
    return LinkageEvaluation(
        profile=profile,
        records_a=found.sides.records_a,
        records_b=found.sides.records_b,
        true_pairs=true,
        blocking_recall=scores_from(-np.inf, weight, is_true, true=true).recall,
        candidate_pairs=weight.size,
        best_f1=best_f1(weight, is_true, true=true),
        operating=_quality(threshold, weight, is_true, true=true),
        one_to_one=_quality(threshold, weight[single], is_true[single], true=true),
        reliability=reliability(found.edges, found.sides, found.seen, is_true),
        seconds=found.seconds,
        encode_rows_per_second=(len(a.people) + len(b.people)) / found.seconds["encode"],
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _quality(threshold: float, weight: Floats, is_true: Flags, *, true: int) -> Quality:
    scores = scores_from(threshold, weight, is_true, true=true)
    best = best_f1(weight, is_true, true=true)
    return Quality(threshold, scores.precision, scores.recall, scores.f1, best)


def _plaintext(
    connection: duckdb.DuckDBPyConnection, a: pa.Table, b: pa.Table, *, seed: int, threads: int
) -> Weighed:
    """Plaintext behind the candidate pairs of `tokens`, so that what differs is what is seen of a pair."""
    tokens = tokens_of(a, b, LinkageProfile.TOKENS, workers=threads)
    started = time.perf_counter()
    pairs = prepared(tokens[0], tokens[1], MODELS[LinkageProfile.TOKENS]).pairs
    blocked = time.perf_counter()
    a, b = normalised(a), normalised(b)
    seconds = {"prepare": blocked - started, "encode": time.perf_counter() - blocked}
    edges, taken = plaintext_edges(connection, a, b, pairs=pairs, seed=seed)
    return edges, seconds | taken, None


def _tokens(
    database: Database, a: pa.Table, b: pa.Table, *, seed: int, threads: int, profile: LinkageProfile
) -> Weighed:
    """The service's own path: tokens under a secret made for this call, then the linkage worker's model."""
    started = time.perf_counter()
    tokens = tokens_of(a, b, profile, workers=threads)
    done = time.perf_counter()
    found = scored_pairs(database, *tokens, settings=LinkSettings(profile, seed))
    return found.edges, {"encode": done - started} | found.seconds, found


def tokens_of(
    a: pa.Table, b: pa.Table, profile: LinkageProfile, *, workers: int = 1
) -> tuple[pa.Table, pa.Table]:
    """Both files' tokens, under a secret made for this call and kept nowhere."""
    one, other = encoded(a, b, profile=profile, workers=workers)
    return one, other
