"""Files as they should not be: every one ends in a named outcome, and none ends a run."""

from __future__ import annotations

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import SERVED, LinkageProfile
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.two_files.make import CLEAN, ENGLAND, ORDINARY, UNEVEN, Dirt, Layout, two_files
from linkage_engine.link import training
from linkage_engine.link.assignment import Assignment
from linkage_engine.link.linking import LinkResult, LinkSettings, link_pair
from linkage_engine.link.threshold import Outcome
from tests.linkage.tokens.people import encoded, locked_connection

Linked = tuple[LinkResult, float, float]


def linked(
    a: Records,
    b: Records,
    *,
    profile: LinkageProfile = LinkageProfile.TOKENS,
    assignment: Assignment = Assignment.ONE_TO_ONE,
) -> Linked:
    """The result, and its precision and recall."""
    (left, keys_a), (right, keys_b) = (
        encoded(records.identifiers, keys_seed=seed, profile=profile) for seed, records in enumerate((a, b))
    )
    with locked_connection() as connection:
        found = link_pair(connection, left, right, settings=LinkSettings(profile, 1, assignment))
    people = dict(zip(keys_a + keys_b, a.people + b.people, strict=True))
    pairs = zip(*(found.pairs[name].to_pylist() for name in ("person_key_a", "person_key_b")), strict=True)
    right_ones = sum(people[one] == people[other] for one, other in pairs)
    return (
        found,
        right_ones / max(found.pairs.num_rows, 1),
        right_ones / len({*a.people} & {*b.people} or {0}),
    )


def made(overlap: float, *, dirt: Dirt = ORDINARY, layout: Layout = ENGLAND) -> tuple[Records, Records]:
    return two_files(600, overlap=overlap, dirt=dirt, seed=3, layout=layout)


def test_files_without_overlap_say_so_and_link_nobody() -> None:
    found, _, _ = linked(*made(0.0))
    assert found.grounds.outcome is Outcome.NO_OVERLAP
    assert found.pairs.num_rows == found.candidates.num_rows == found.figures.links == 0
    assert (found.quality.outcome, found.quality.levels.links_lenient) == ("no-overlap", 0)
    assert found.figures.match_weight_threshold == 0.0


def test_a_file_of_duplicates_only_counts_them_and_links_each_person_once() -> None:
    a, b = made(0.5, dirt=CLEAN)
    twice = Records(pa.concat_tables([a.identifiers, a.identifiers]), a.people * 2)
    found, precision, recall = linked(twice, b)
    assert found.grounds.outcome is Outcome.CHOSEN
    assert 570 <= found.grounds.duplicates_a <= 600
    assert found.grounds.duplicates_b < 10
    assert precision > 0.95
    assert recall > 0.95


def test_where_a_data_set_may_repeat_people_each_record_of_it_is_linked() -> None:
    a, b = made(0.5, dirt=CLEAN)
    twice = Records(pa.concat_tables([b.identifiers, b.identifiers]), b.people * 2)
    found, precision, recall = linked(a, twice, assignment=Assignment.ONE_TO_MANY)
    # A record of the second file is linked to the best of the first, though that has its own already.
    assert precision > 0.9
    assert 1.9 < recall <= 2.0
    keys = found.pairs["person_key_b"].to_pylist()
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_fields_that_only_one_provider_has_are_left_out(profile: LinkageProfile) -> None:
    found, precision, recall = linked(*made(0.5, layout=UNEVEN), profile=profile)
    assert {"sex", "middle_initial", "nhs_number"} <= set(found.figures.untrained_comparisons)
    assert precision > 0.93
    assert recall > 0.93


def test_half_of_all_values_missing_leaves_links_that_are_right() -> None:
    found, precision, recall = linked(*made(0.8, dirt=Dirt(0.5, 0.02)))
    assert found.grounds.outcome is Outcome.CHOSEN
    assert precision > 0.8
    assert recall > 0.1


def test_training_that_does_not_come_to_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    files = made(0.5, dirt=CLEAN)
    assert linked(*files)[0].grounds.is_settled
    monkeypatch.setattr(training, "MOST_ROUNDS", 1)
    found, precision, recall = linked(*files)
    assert not found.grounds.is_settled
    assert min(precision, recall) > 0.9


def test_the_curve_and_the_three_weights_are_told_and_misses_are_a_lower_bound() -> None:
    found, _, recall = linked(*made(0.8))
    grounds, curve = found.grounds, found.grounds.curve
    assert len(curve.links) <= 200
    assert curve.links.tolist() == sorted(curve.links.tolist(), reverse=True)
    assert found.thresholds.strict >= found.thresholds.primary >= found.thresholds.lenient
    assert found.figures.links <= grounds.matches_at_least
    assert grounds.matches_at_least < 480 * 1.1
    assert found.candidates.num_rows >= found.pairs.num_rows
    assert recall > 0.9
