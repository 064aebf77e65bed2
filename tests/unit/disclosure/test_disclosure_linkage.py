"""Figures of a linkage as its operator may see them: by brute force, and on drawn numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.reports import LinkageFigures
from linkage_engine.disclosure.linkage import ExactLinkage, ExactSpine, controlled_figures, controlled_run
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure.people import ACRO
from tests.unit.disclosure.tables import DEFAULT, HES

HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
EXACT = ExactLinkage(
    records_a=1000,
    records_b=4000,
    links=700,
    candidate_pairs=51_234,
    decoys=4,
    left_out={"dob": {"tokens": 7, "records": 812}, "postcode": {"tokens": 14, "records": 350}},
    match_weight_threshold=3.3761,
    estimated_false_link_rate=3 / 700,
    untrained_comparisons=("sex",),
    seconds={"train": 1.2345},
)


def of_links(figures: LinkageFigures) -> dict[str, object]:
    """Everything but the records and the time it took."""
    return figures.model_dump(exclude={"records_a", "records_b", "seconds"})


ALL_HIDDEN = of_links(LinkageFigures(records_a=HIDDEN, records_b=HIDDEN, seconds={}))


def test_numbers_are_rounded_and_shares_are_those_of_rounded_numbers() -> None:
    shown = controlled_figures(EXACT, DEFAULT)
    numbers = shown.model_dump(exclude={"quality"}).items()
    assert {name: figure["value"] for name, figure in numbers if "value" in figure} == {
        "records_a": 999,
        "records_b": 3999,
        "links": 699,
        "linked_percent_a": 70.0,
        "linked_percent_b": 17.5,
        "candidate_pairs": 51_200,
        "match_weight_threshold": 3.5,
        "false_links_percent_at_most": 0.5,
        "decoys": None,
    }
    told = {group: (counts.tokens.value, counts.records.value) for group, counts in shown.left_out.items()}
    assert told == {"dob": (None, 813), "postcode": (15, 351)}
    assert shown.untrained_comparisons == ("sex",)
    assert shown.seconds == {"train": 1.2}


@pytest.mark.parametrize("profile", ["acro-default", "cell-key", "public-dashboard"])
def test_a_policy_that_does_not_round_tables_rounds_linkages(profile: str) -> None:
    """They would be told exactly otherwise, run after run."""
    policy = Policy.from_json(policy_text(profile))
    run = controlled_run({"a:b": EXACT}, policy, LinkageProfile.TOKENS, spine=ExactSpine())
    assert (run.policy, run.effective_threshold, run.rounding) == (profile, 13, "midpoint6")
    assert run.pairs["a:b"].records_a.value == 999


def test_a_run_says_how_its_figures_were_controlled() -> None:
    run = controlled_run({"a:b": EXACT}, DEFAULT, LinkageProfile.TOKENS, spine=ExactSpine())
    assert (run.policy, run.effective_threshold, run.rounding) == ("nhs-cancer-default", 13, "midpoint6")
    assert run.pairs == {"a:b": controlled_figures(EXACT, DEFAULT)}


@pytest.mark.parametrize("links", [0, 1, 5, 12, 988, 995, 1000], ids=lambda n: f"{n} of 1000")
def test_few_links_or_few_without_hide_all_that_follows(links: int) -> None:
    shown = controlled_figures(replace(EXACT, links=links), DEFAULT)
    assert shown.records_a == ControlledValue(value=999)
    assert of_links(shown) == ALL_HIDDEN


def test_few_records_are_hidden_too() -> None:
    shown = controlled_figures(replace(EXACT, records_a=12, links=0), DEFAULT)
    assert (shown.records_a, of_links(shown)) == (HIDDEN, ALL_HIDDEN)


def test_a_policy_without_complement_tells_that_all_are_linked() -> None:
    shown = controlled_figures(replace(EXACT, links=1000), HES)
    assert (shown.links.value, shown.linked_percent_a.value) == (1000, 100.0)


def test_a_policy_that_shows_zero_tells_that_nobody_is_linked() -> None:
    empty = replace(EXACT, links=0, records_a=0, candidate_pairs=0)
    shown = controlled_figures(empty, HES)
    assert (shown.links.value, shown.candidate_pairs.value, shown.linked_percent_a.value) == (0, 0, 0.0)


def test_an_estimate_beyond_the_scale_is_its_last_step() -> None:
    assert controlled_figures(
        replace(EXACT, estimated_false_link_rate=1.0), DEFAULT
    ).false_links_percent_at_most == (ControlledValue(value=100.0))


@pytest.mark.parametrize("records_a", [13, 26, 40, 97, 120])
def test_whoever_knows_both_files_learns_of_the_links_no_more_than_a_bin(records_a: int) -> None:
    """By brute force: each answer fits whole bins of six, or all that is too few or too many."""
    may_be: dict[str, set[int]] = defaultdict(set)
    for links in range(records_a + 1):
        exact = replace(EXACT, records_a=records_a, records_b=120, links=links, candidate_pairs=links)
        may_be[controlled_figures(exact, DEFAULT).to_json()].add(links)
    hidden = {n for n in range(records_a + 1) if not 13 <= n <= records_a - 13}
    for answer, numbers in may_be.items():
        told = '"links":{"value":null' not in answer
        whole = {n for n in range(records_a + 1) if (n - 1) // 6 == (max(numbers) - 1) // 6} - hidden
        assert numbers == (whole if told else hidden)
    assert len(may_be) == 1 + len({(n - 1) // 6 for n in range(records_a + 1) if n not in hidden})


def test_one_person_more_changes_nothing_unless_a_bin_ends() -> None:
    for links in range(13, 900):
        one, two = (
            controlled_figures(
                replace(EXACT, links=n, candidate_pairs=51_234 + n - links, estimated_false_link_rate=3 / n),
                DEFAULT,
            )
            for n in (links, links + 1)
        )
        if links % 6:
            assert (one.links, one.linked_percent_a) == (two.links, two.linked_percent_a)
        else:
            assert one.links != two.links


def test_where_a_policy_rounds_nothing_the_figures_of_a_run_are_rounded_all_the_same() -> None:
    acro, rounded = (
        controlled_run({"a:b": EXACT}, each, LinkageProfile.TOKENS, spine=ExactSpine())
        for each in (ACRO, DEFAULT)
    )
    assert (acro.policy, acro.rounding, acro.effective_threshold) == ("acro-default", "midpoint6", 13)
    assert acro.pairs == rounded.pairs


def test_exact_figures_do_not_show_themselves() -> None:
    assert "700" not in f"{EXACT!r} {EXACT}"
    assert repr(ExactSpine(persons_merged=1)) == "ExactSpine(withheld)"
