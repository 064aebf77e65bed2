"""The ten kinds of attackers."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.laboratory.disclosure.attack.cohort import Secret
from linkage_engine.laboratory.disclosure.attack.strategies.chains import nested_filters, refusal_oracle
from linkage_engine.laboratory.disclosure.attack.strategies.moves import Kind
from linkage_engine.laboratory.disclosure.attack.strategies.tables import (
    linked_margins,
    totals_minus_published,
)
from linkage_engine.laboratory.disclosure.attack.strategies.together import data_refresh, two_researchers
from linkage_engine.laboratory.disclosure.attack.strategies.trackers import trackers

BLURRED_EDGES = (26, 34)
"""Sizes at which a count is told only if it is within a few of the half: its bin has fewer numbers."""

KINDS: Mapping[str, Kind] = {
    "tracker-pairs": trackers(),
    "nested-filters": nested_filters,
    "totals-minus-published": totals_minus_published,
    "linked-margins": linked_margins,
    "mean-times-n": trackers(Secret.STAYS),
    "survival-steps": trackers(Secret.DEATHS, sizes=(60, 120)),
    "rounding-boundaries": trackers(sizes=BLURRED_EDGES),
    "refusal-oracle": refusal_oracle,
    "two-researchers": two_researchers,
    "data-refresh": data_refresh,
}
