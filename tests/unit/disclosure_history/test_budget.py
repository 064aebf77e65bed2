"""The budget of each outcome: near-identical counts of one population wear it down, and are named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.evidence import HistoryAudit
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons
from linkage_engine.disclosure.history.leverage import Leverage, leverage
from linkage_engine.disclosure.history.told import EXACT_VARIANCE, Telling, Told
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import Decided, decide
from linkage_engine.disclosure.rounding import ERROR_VARIANCE, METHODS
from tests.property.disclosure_history.histories import sets_of
from tests.unit.disclosure.tables import DEFAULT, HES, MEASURES, PROVENANCE
from tests.unit.disclosure_history.test_release import a_policy


def share_of_one_set(size: int, ways: int, variance: float = 3) -> float:
    """Of each of its people, once their number was told in so many ways: .25 / (.25 s + v / m)."""
    return 0.25 / (0.25 * size + variance / ways)


@pytest.mark.parametrize("ways", [1, 2, 7])
@pytest.mark.parametrize("variance", [3.0, 2.0])
def test_one_set_told_in_several_ways_is_one_with_a_smaller_error(ways: int, variance: float) -> None:
    precision = np.array([ways / variance])
    found = leverage(
        sets_of([range(20)]), persons=20, generator=np.random.default_rng(1), precision=precision
    )
    assert found.top1 == pytest.approx(share_of_one_set(20, ways, variance))
    assert found.mean == pytest.approx(share_of_one_set(20, ways, variance), abs=0.03)


def test_an_exact_count_tells_what_its_people_have_in_common() -> None:
    """Of each of ten people a tenth; of two sets and their union no more than two sets tell."""
    told = Telling(b"o", b"w", ERROR_VARIANCE["none"])
    assert told.precision == 1 / EXACT_VARIANCE
    sets = sets_of([range(10), range(10, 20), range(20)])
    found = leverage(
        sets, persons=20, generator=np.random.default_rng(1), precision=np.full(3, told.precision)
    )
    assert found.top1 == pytest.approx(1 / 10, abs=1e-6)


def test_sets_that_cannot_be_factored_count_as_everything_learnt() -> None:
    sets = sets_of([[0], [1], [0, 1]])
    found = leverage(sets, persons=2, generator=np.random.default_rng(1), precision=np.full(3, np.inf))
    assert found == Leverage(1.0, 1.0)


@pytest.mark.parametrize(("method", "bin_size"), [("midpoint6", 6), ("nearest5", 5), ("none", 1)])
def test_the_variance_of_a_method_is_that_of_its_errors(method: str, bin_size: int) -> None:
    counts = np.arange(7, 7 + 30 * bin_size)
    assert (METHODS[method](counts) - counts).var() == pytest.approx(ERROR_VARIANCE[method], abs=0.1)


def test_what_was_told_before_is_told_once() -> None:
    first, again, otherwise = (Telling(b"o", way, 3.0) for way in (b"20", b"20", b"21"))
    told = reduce(
        Told.joined,
        [Told({first: np.array([0, 2])}), Told({again: np.array([2, 3])}), Told({otherwise: np.array([3])})],
    )
    assert told.observations(b"o", 5).tolist() == [1, 0, 1, 2, 0]
    assert told.precision(b"o", 5) == pytest.approx(np.array([1, 0, 1, 2, 0]) / 3)
    assert told.observations(b"another", 5).tolist() == [0] * 5
    assert repr(told) == "Told(withheld)"


# A table of people in a square: rows and columns are told, with the number who were diagnosed.
SIDE = 16
EVERYBODY = np.arange(SIDE * SIDE, dtype=np.int32)


def the_square(diagnosed: Persons) -> ExactTable:
    rows = {f"row {n}": EVERYBODY[n == EVERYBODY // SIDE] for n in range(SIDE)}
    columns = {f"column {n}": EVERYBODY[n == EVERYBODY % SIDE] for n in range(SIDE)}
    people = rows | columns | {TOTAL: EVERYBODY}
    cells = (
        ExactCell((label,), each, {"numerator": np.intersect1d(each, diagnosed).astype(np.int32)})
        for label, each in people.items()
    )
    return ExactTable("People", "prevalence", ("sex",), MEASURES, tuple(cells))


def roles(years: int, **changes: object) -> AskedRoles:
    fields = {"outcomes": {"numerator": "cancer_diagnosed"}, "counted_as": f"{years:064x}"}
    return AskedRoles.model_validate(fields | changes)


def asked(
    years: int, past: Past, *, policy: Policy = DEFAULT, diagnosed: Persons = EVERYBODY[::3], seed: int = 1
) -> Decided:
    return decide(
        past,
        the_square(diagnosed),
        policy,
        provenance=PROVENANCE,
        generator=np.random.default_rng(seed),
        roles=roles(years),
    )


@cache
def after(*years: int) -> tuple[HistoryAudit, Past]:
    """What the checkers of the last of these questions see, and what is kept."""
    *before, last = years
    done = asked(last, after(*before)[1] if before else Past())
    return done.audit, done.after


def test_looking_back_another_year_over_the_same_people_is_named_to_the_checkers() -> None:
    """The two tables could be subtracted: who was diagnosed in the year between, with no threshold."""
    first, _ = after(20)
    (outcome,) = first.outcomes
    assert (outcome.outcomes, outcome.told_otherwise, outcome.ways) == (("cancer_diagnosed",), 0, 1)
    second, _ = after(20, 21)
    (outcome,) = second.outcomes
    assert (outcome.sets, outcome.told_otherwise, outcome.ways) == (2 * SIDE + 1, 2 * SIDE + 1, 2)
    assert second.leverage_mean > first.leverage_mean
    assert not second.over_budget


def test_near_identical_counts_wear_the_budget_down_until_a_checker_has_to_look() -> None:
    """One table of the square is within it; looking back one year more, again and again, is not."""
    spent = [after(*range(20, 20 + ways))[0] for ways in (1, 2, 20)]
    assert spent[0].leverage_mean < spent[1].leverage_mean < 0.1 < spent[2].leverage_mean
    assert [each.over_budget for each in spent] == [False, False, True]
    assert [each.outcomes[0].ways for each in spent] == [1, 2, 20]


def test_a_budget_that_refuses_refuses_the_question_that_goes_over_and_no_other() -> None:
    refuse = a_policy(over_budget="refuse")
    _, past = after(*range(20, 40))
    with pytest.raises(QueryRefused) as refusal:
        asked(40, past, policy=refuse)
    assert refusal.value.code is RefusalCode.HISTORY_OVER_BUDGET
    assert asked(20, Past(), policy=refuse).audit.leverage_mean < 0.1


def test_the_same_question_again_costs_nothing() -> None:
    once, past = after(20)
    again = asked(20, past)
    assert again.audit.leverage_mean == once.leverage_mean
    assert again.audit.outcomes == once.outcomes
    assert again.after.told.sets.keys() == past.told.sets.keys()


def test_the_same_question_of_newer_data_or_otherwise_rounded_is_another_number() -> None:
    _, past = after(20)
    newer = decide(
        past,
        the_square(EVERYBODY[::3]),
        DEFAULT,
        provenance=type(PROVENANCE)(PROVENANCE.specification_sha256, "later"),
        generator=np.random.default_rng(1),
        roles=roles(20),
    )
    assert newer.audit.outcomes[0].ways == 2
    fives = asked(20, past, policy=HES)
    assert fives.audit.outcomes[0].ways == 2
    assert {telling.variance for telling in fives.after.told.sets} == {3.0, 2.0}


def test_outcomes_change_neither_the_budget_nor_what_is_kept() -> None:
    """Nor does a count that is hidden by its size: that it is hidden would say something."""
    _, past = after(20)
    flips = [EVERYBODY[::3], EVERYBODY[:0], EVERYBODY, np.delete(EVERYBODY, 7)]
    answers = [asked(21, past, diagnosed=each) for each in flips]
    assert len({each.audit.to_json() for each in answers}) == 1
    tellings = [{key: sets.tolist() for key, sets in each.after.told.sets.items()} for each in answers]
    assert all(each == tellings[0] for each in tellings)


def by_group(groups: Mapping[str, Persons], *, population: Persons = EVERYBODY) -> ExactTable:
    cells = (
        ExactCell((label,), population if label == "Lung" else EVERYBODY, {"numerator": each})
        for label, each in groups.items()
    )
    return ExactTable("People", "prevalence", ("tumour_group",), MEASURES, tuple(cells))


GROUPS = {"Bowel": EVERYBODY[::5], "Lung": EVERYBODY[::7], TOTAL: EVERYBODY[::2]}


def asked_by_group(past: Past, years: int, **changes: object) -> Decided:
    return decide(
        past,
        by_group(GROUPS if changes else {TOTAL: GROUPS[TOTAL]}),
        DEFAULT,
        provenance=PROVENANCE,
        generator=np.random.default_rng(1),
        roles=roles(years, **changes),
    )


def test_every_label_that_only_chooses_what_is_counted_is_an_outcome() -> None:
    done = asked_by_group(Past(), 20, dividing=("tumour_group",))
    (alike,) = done.audit.outcomes
    assert set(alike.outcomes) == {"cancer_diagnosed", "cancer_diagnosed: Bowel", "cancer_diagnosed: Lung"}
    assert (alike.sets, alike.ways) == (1, 1)
    assert alike.top1 == pytest.approx(share_of_one_set(EVERYBODY.size, 1))


def test_a_label_that_changes_how_is_another_way() -> None:
    done = asked_by_group(Past(), 20, counting=("tumour_group",))
    assert [each.ways for each in done.audit.outcomes] == [3]


def test_the_most_that_is_learnt_of_any_outcome_is_what_is_held_to_the_budget() -> None:
    """Of everybody's it is told a second time, of those of each group the first."""
    done = asked_by_group(asked_by_group(Past(), 20).after, 21, dividing=("tumour_group",))
    twice, once = done.audit.outcomes
    assert twice.outcomes == ("cancer_diagnosed",)
    assert (twice.ways, once.ways) == (2, 1)
    assert (done.audit.leverage_mean, done.audit.leverage_top1) == (twice.mean, twice.top1)
    assert twice.mean > once.mean
    assert twice.top1 > once.top1


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (by_group(GROUPS, population=EVERYBODY[::7]), {"dividing": ("tumour_group",)}),
        (by_group(GROUPS), {"dividing": ("area",)}),
        (by_group(GROUPS), {"outcomes": {"deaths": "died"}}),
        (by_group({"Bowel": EVERYBODY[::5]}), {"cohort": "ab" * 32}),
    ],
    ids=["divides people by an outcome", "another dimension", "another part", "a cohort without its total"],
)
def test_a_table_that_does_not_keep_the_roles_of_its_question_is_not_trusted(
    table: ExactTable, changes: dict[str, object]
) -> None:
    with pytest.raises(NotTrusted) as refusal:
        decide(
            Past(),
            table,
            DEFAULT,
            provenance=PROVENANCE,
            generator=np.random.default_rng(1),
            roles=roles(20, **changes),
        )
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
