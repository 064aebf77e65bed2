"""Quality figures of a linkage: each count by the rules of counts, whatever else is told."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.disclosure.linkage import ExactLinkage, controlled_figures
from linkage_engine.disclosure.linkage_quality import LOW, ExactQuality, controlled_quality, hidden_quality
from tests.unit.disclosure.tables import DEFAULT, HES
from tests.unit.quality_report.figures import EXACT, QUALITY

HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
RECORDS = (1205, 8000)


def test_counts_are_rounded_weights_coarse_and_few_are_low() -> None:
    told = controlled_quality(QUALITY, DEFAULT, records=RECORDS)
    assert (told.strict.match_weight.value, told.strict.links.value) == (7.5, 999)
    assert told.strict.false_links_percent_at_most.value == 0.1
    assert (told.lenient.match_weight.value, told.lenient.false_links_percent_at_most.value) == (-4.0, 10.0)
    assert told.pair_weights[4:7] == (LOW, ControlledValue(value=21), ControlledValue(value=39))
    assert told.decoy_weights[4:6] == (ControlledValue(value=15), LOW)
    assert (told.unlinkable_a.value, told.unlinkable_b, told.duplicates_a) == (15, LOW, LOW)
    assert told.matches_at_least.value == 1131


def test_no_number_is_told_of_fewer_than_the_effective_threshold() -> None:
    few: dict[str, Any] = {
        name: 12 for name, value in asdict(QUALITY).items() if isinstance(value, int) and value > 1
    }
    bands: dict[str, Any] = {
        "pair_weights": (12,) * 18,
        "decoy_weights": (12,) * 18,
        "matches_at_least": 12.0,
    }
    told = controlled_quality(replace(QUALITY, **few, **bands), DEFAULT, records=RECORDS)
    values = told.model_dump(exclude={"resubmissions"})
    assert '"value":1' not in told.model_copy(update={"resubmissions": 0}).model_dump_json()
    assert values["matches_at_least"] == HIDDEN.model_dump()


def test_links_at_another_threshold_are_told_only_with_enough_records_without_one() -> None:
    told = controlled_quality(QUALITY, DEFAULT, records=(1112, 8000))
    assert told.strict.links.value == 999
    assert told.lenient.links == told.lenient.match_weight == HIDDEN
    assert controlled_quality(QUALITY, HES, records=(1110, 8000)).lenient.links.value == 1110


@pytest.mark.parametrize("changes", [{"numbered_pairs": 12}, {"numbered_links": 9}, {"numbered_correct": 12}])
def test_of_few_records_with_a_number_nothing_is_told(changes: dict[str, Any]) -> None:
    told = controlled_quality(replace(QUALITY, **changes), DEFAULT, records=RECORDS).numbered
    assert {told.pairs, told.links, told.false_links, told.missed} == {HIDDEN}


def test_more_links_of_a_number_than_numbers_miss_nothing() -> None:
    twice = replace(QUALITY, numbered_pairs=860)
    assert controlled_quality(twice, DEFAULT, records=RECORDS).numbered.missed == LOW


def test_where_links_may_not_be_told_only_how_it_came_about_is() -> None:
    told = controlled_figures(replace(EXACT, links=1200), DEFAULT).quality
    assert told == hidden_quality(QUALITY, are_few=False)
    assert told is not None
    assert (told.outcome, told.is_settled) == ("chosen", True)
    assert set(told.pair_weights) == {HIDDEN}


def test_few_links_are_the_same_text_as_none() -> None:
    none = replace(EXACT, links=0, quality=replace(QUALITY, outcome="no-overlap", is_settled=False))
    few = [replace(EXACT, links=links) for links in (1, 12)]
    assert len({controlled_figures(each, DEFAULT).model_dump_json() for each in (none, *few)}) == 1


def test_what_was_kept_comes_back_and_what_an_earlier_version_kept_is_nothing() -> None:
    kept = asdict(EXACT)
    kept["quality"] = {**kept["quality"], "pair_weights": list(QUALITY.pair_weights)}
    assert ExactLinkage.kept(kept) == EXACT
    assert ExactLinkage.kept({**kept, "quality": None}).quality is None
    assert ExactLinkage.kept({name: each for name, each in kept.items() if name != "quality"}).quality is None
    assert ExactQuality.kept({"outcome": "chosen"}) is None


def test_exact_figures_do_not_print() -> None:
    assert repr(QUALITY) == "ExactQuality(withheld)"
