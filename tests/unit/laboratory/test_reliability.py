"""The reliability table says what decoys foretell of each band of weights, and what is so."""

from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.reliability import EDGES, reliability
from linkage_engine.link.competition import Sides, judged
from linkage_engine.link.matching import Edges

RECORDS = 400


def two_files() -> tuple[Edges, Sides, np.ndarray]:
    """200 true pairs of weight 10; of the rest 40 pairs between the files and 20 within each, of weight 1."""
    left = [*range(240), *range(300, 340, 2), *range(RECORDS + 300, RECORDS + 340, 2)]
    right = [*range(RECORDS, RECORDS + 240), *range(301, 341, 2), *range(RECORDS + 301, RECORDS + 341, 2)]
    weight = [10.0] * 200 + [1.0] * 80
    edges = Edges(np.array(left), np.array(right), np.array(weight))
    return edges, Sides(RECORDS, RECORDS, -10.0), np.arange(240) < 200


def test_expected_and_true_shares_are_told_band_by_band() -> None:
    edges, sides, is_true = two_files()
    found = reliability(edges, sides, judged(edges, sides), is_true)
    assert len(found.bands) == len(EDGES) + 1
    filled = {band.at_least: band for band in found.bands if band.pairs}
    assert list(filled) == [0.0, 8.0]
    assert (filled[0.0].pairs, filled[0.0].decoys, filled[0.0].true_false_share) == (40, 40, 1.0)
    assert filled[0.0].expected_false_share == 1.0
    assert (filled[8.0].pairs, filled[8.0].expected_false_share, filled[8.0].true_false_share) == (200, 0, 0)
    assert (found.linked.pairs, found.linked.true_false_share) == (200, 0.0)


def test_an_open_end_is_shown_as_none_and_a_line_is_a_band() -> None:
    edges, sides, is_true = two_files()
    found = reliability(edges, sides, judged(edges, sides), is_true)
    lines = found.as_text().splitlines()
    assert len(lines) == 1 + len(found.bands) + 2
    assert lines[1].split() == ["to", "-12.0", "0", "0", "0.0000", "0.0000"]
    assert lines[5].split() == ["0.0", "to", "4.0", "40", "40", "1.0000", "1.0000"]
