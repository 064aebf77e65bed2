"""What is said of a linkage without truth, over pairs that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from linkage_engine.contract.thresholds import WEIGHT_EDGES
from linkage_engine.link.competition import Sides, judged
from linkage_engine.link.matching import Edges
from linkage_engine.link.quality import false_rate, levels_of, numbered, weights
from linkage_engine.link.threshold import Curve

A = B = 200
SIDES = Sides(A, B, -11.0)
# Record n of the first file is record n of the second, for the first 150; the lightest pairs weigh least.
LEFT = np.arange(150)
EDGES = Edges(LEFT, LEFT + A, np.linspace(40, 10, 150))


def numbers(first: range, second: range) -> pa.Array:
    """Who has a number: the person's own in either file."""
    held = [n if n in first else None for n in range(A)] + [n if n in second else None for n in range(B)]
    return pa.array(held, pa.int64())


def test_of_records_with_a_number_it_is_counted_who_is_linked_rightly_and_who_is_missed() -> None:
    found = numbered(EDGES, SIDES, numbers(range(100), range(50, 180)))
    # 50 to 99 have one in both files, and all of them are linked: to themselves.
    assert (found.pairs, found.links, found.correct) == (50, 50, 50)


def test_a_link_of_two_numbers_is_false() -> None:
    crossed = Edges(LEFT, np.roll(LEFT, 1) + A, EDGES.weight)
    found = numbered(crossed, SIDES, numbers(range(150), range(150)))
    assert (found.pairs, found.links, found.correct) == (150, 150, 0)


def test_without_overlap_no_number_is_linked() -> None:
    inside = Edges(np.array([0, 2]), np.array([1, 3]), np.array([5.0, 4.0]))
    found = numbered(inside, SIDES, numbers(range(10), range(10)))
    assert (found.pairs, found.links, found.correct) == (10, 0, 0)


def test_links_of_a_stricter_weight_are_the_heaviest_of_those_of_a_more_lenient_one() -> None:
    seen = judged(EDGES, SIDES)
    found = levels_of(30.0, 10.0, EDGES, seen, SIDES)
    assert (found.links_strict, found.links_lenient) == (int((EDGES.weight >= 30).sum()), 150)
    nobody = Edges(np.array([0]), np.array([1]), np.array([5.0]))
    none = levels_of(0.0, 0.0, nobody, judged(nobody, SIDES), SIDES)
    assert (none.links_strict, none.links_lenient, none.false_rate_lenient) == (0, 0, 0.0)


def test_pairs_are_counted_below_between_and_above_the_edges() -> None:
    edges = Edges(np.zeros(4, np.int64), np.ones(4, np.int64), np.array([-99.0, -20.0, 0.0, 60.0]))
    found = weights(edges, np.array([True, True, True, True]))
    assert len(found) == len(WEIGHT_EDGES) + 1
    assert [place for place, count in enumerate(found) if count] == [0, 1, 5, len(WEIGHT_EDGES)]
    assert sum(weights(edges, np.array([True, False, False, False]))) == 1


def test_the_false_share_from_a_weight_on_is_the_curves_and_beyond_its_end_there_is_none() -> None:
    curve = Curve(np.array([0.0, 5.0]), np.array([10.0, 4.0]), np.array([2.0, 0.1]), np.array([0.5, 0.6]))
    assert [false_rate(curve, weight) for weight in (-1, 3, 6)] == [0.2, 0.025, 0.0]
