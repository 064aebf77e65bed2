"""One release after all earlier ones: what is told, what stays hidden and what checkers are told of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.contract.refusals import EngineRefusal, QueryRefused, RefusalCode
from linkage_engine.disclosure.admission import admit as admission
from linkage_engine.disclosure.admission.columns import digest, from_columns, to_columns
from linkage_engine.disclosure.admission.state import nothing_released
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.gate.release import adds_nothing_small
from linkage_engine.disclosure.gate.verdict import Verdict
from linkage_engine.disclosure.history.sets import PersonSets, no_sets
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import Decided, decide
from tests.property.disclosure_history.exact import Exactly
from tests.property.disclosure_history.histories import listed, sets_of
from tests.unit.disclosure.tables import DEFAULT, HES, MEASURES, PROVENANCE

Cells = Mapping[str, Iterable[int]]
BEGINNING = Past()


def a_table(cells: Cells, *, counted: int = 2) -> ExactTable:
    """Cells over one dimension; one in so many people is counted."""
    people = {label: np.array(sorted(each), dtype=np.int32) for label, each in cells.items()}
    made = [
        ExactCell((label,), each, {"numerator": each[each % counted == 0]}) for label, each in people.items()
    ]
    return ExactTable("People", "prevalence", ("sex",), MEASURES, tuple(made))


def a_policy(policy: Policy = DEFAULT, **history: object) -> Policy:
    text = json.loads(policy_text(policy.profile))
    text["history"] |= history
    return Policy.from_json(json.dumps(text))


def decided(
    cells: Cells, past: Past = BEGINNING, *, policy: Policy = DEFAULT, counted: int = 2, seed: int = 1
) -> Decided:
    table = a_table(cells, counted=counted)
    return decide(past, table, policy, provenance=PROVENANCE, generator=np.random.default_rng(seed))


def after(*tables: Cells, policy: Policy = DEFAULT) -> Past:
    past = BEGINNING
    for cells in tables:
        past = decided(cells, past, policy=policy).after
    return past


def told(table: ControlledTable) -> set[str]:
    """Whose population is told, whatever is told of the counted ones."""
    return {row.labels[0] for row in table.rows if row.values[1].status is CellStatus.SHOWN}


WOMEN, MEN = range(60), range(60, 120)
FIRST = {"Female": WOMEN, "Male": MEN, "Total": range(120)}
ONE_MORE = {"Female": [*WOMEN, 120], "Male": MEN, "Total": range(121)}


def test_a_first_table_is_told_as_ever_and_says_that_it_was_audited() -> None:
    done = decided(FIRST)
    assert told(done.table) == set(FIRST)
    assert done.table.record.history_audited
    assert (done.audit.releases, done.audit.sets, done.audit.withheld, done.audit.rounds) == (0, 0, 0, 1)


def test_what_differs_by_one_person_is_hidden_and_the_rest_is_told() -> None:
    done = decided(ONE_MORE, after(FIRST))
    assert told(done.table) == {"Male"}
    assert (done.audit.releases, done.audit.sets, done.audit.withheld) == (1, 3, 2)
    assert done.audit.groups >= 1


def test_hidden_by_history_and_hidden_by_size_are_the_same_text() -> None:
    by_history = decided(ONE_MORE, after(FIRST)).table
    by_size = decided({"Female": range(5), "Male": MEN, "Total": range(3)}).table
    assert by_history.to_json() == by_size.to_json()


def test_outcomes_decide_nothing() -> None:
    past = after(FIRST)
    answers = [decided(ONE_MORE, past, counted=counted) for counted in (1, 2, 3, 121)]
    assert {digest(to_columns(each.state)) for each in answers} == {digest(to_columns(answers[0].state))}
    assert {frozenset(told(each.table)) for each in answers} == {frozenset({"Male"})}


def test_chance_decides_nothing() -> None:
    past = after(FIRST)
    answers = {decided(ONE_MORE, past, seed=seed).table.to_json() for seed in range(5)}
    assert len(answers) == 1


def test_ten_to_twelve_people_are_neither_told_nor_protected() -> None:
    """Rounding hides them; the policy protects fewer than ten."""
    done = decided({"Female": range(12), "Male": range(12, 72), "Total": range(72)})
    assert told(done.table) == {"Male", "Total"}
    assert (done.audit.groups, done.audit.withheld) == (0, 0)


def test_a_policy_that_protects_larger_differences_hides_larger_cells() -> None:
    done = decided({"Female": range(15), "Male": range(15, 75)}, policy=a_policy(min_difference=20))
    assert told(done.table) == {"Male"}
    assert done.audit.withheld == 1


def test_eight_people_are_told_where_the_policy_says_so() -> None:
    done = decided({"Female": range(8), "Male": range(8, 68), "Unknown": []}, policy=HES)
    assert {row.labels[0]: row.values[1].value for row in done.table.rows} == {
        "Female": 10,
        "Male": 60,
        "Unknown": 0,
    }


def test_the_strictest_difference_that_was_ever_asked_for_stays() -> None:
    lenient, strict = a_policy(min_difference=5), a_policy(min_difference=10)
    past = after({"Total": range(60)}, policy=lenient)
    strictly = decided({"Total": range(200, 260)}, past, policy=strict).after
    seven_fewer = {"Total": range(53)}
    assert told(decided(seven_fewer, past, policy=lenient).table) == {"Total"}
    assert told(decided(seven_fewer, strictly, policy=lenient).table) == set()


def test_pairs_of_old_sets_are_protected_by_a_stricter_policy_too() -> None:
    """Twenty people and as many, seven of both: with their union the seven would be known."""
    lenient, strict = a_policy(min_difference=5), a_policy(min_difference=10)
    past = after({"A": range(20), "B": range(13, 33)}, policy=lenient)
    union = {"Total": range(33)}
    assert told(decided(union, past, policy=lenient).table) == {"Total"}
    assert told(decided(union, past, policy=strict).table) == set()


FEW = {"Total": range(95, 100)}
APART: tuple[Cells, ...] = tuple(
    {"Total": [person, *range(30 * person, 30 * person + 30)]} for person in range(95, 100)
)
THREE: tuple[Cells, ...] = (*APART, {"Total": range(100)}, {"Total": range(50)}, {"Total": range(50, 95)})
"""A whole and two parts of it, in three tables; the rest, five people whom others tell apart, is in none."""


def test_a_group_that_nobody_listed_before_it_was_known_stops_no_later_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a history too large to be searched for such groups."""
    monkeypatch.setattr(admission, "small_unions", lambda *_, **__: no_sets())
    past = after(*THREE)
    listed_late = decided(FEW, past)
    assert told(listed_late.table) == set()
    assert (listed_late.audit.groups, listed_late.audit.groups_known_before) == (1, 1)
    later = decided({"Total": range(200, 300)}, listed_late.after)
    assert told(later.table) == {"Total"}
    assert later.audit.groups_known_before == 1


def test_where_it_is_searched_for_the_last_part_is_not_told() -> None:
    past = after(*THREE[:-1])
    assert told(decided(THREE[-1], past).table) == set()


def test_the_group_that_was_known_is_exactly_that() -> None:
    truth = Exactly([frozenset(each["Total"]) for each in THREE], 3_000)
    assert truth.determined([frozenset(FEW["Total"])]) == [True]


@pytest.mark.parametrize(
    ("before", "new", "groups", "verdict"),
    [
        ([], [range(20)], [range(3)], Verdict.SAFE),
        ([range(20)], [range(17)], [range(17, 20)], Verdict.DETERMINED),
        ([range(20), range(17)], [range(30, 60)], [range(17, 20)], Verdict.SAFE),
        (
            [range(20), range(17)],
            [range(15)],
            [range(17, 20), range(15, 17), range(15, 20)],
            Verdict.DETERMINED,
        ),
        ([range(20)], [range(15)], [range(17, 20)], Verdict.UNDECIDED),
        ([range(20), range(19)], [range(30, 60)], [range(19, 20)], Verdict.DETERMINED),
    ],
    ids=[
        "nothing before",
        "a new one",
        "known before",
        "one of each",
        "a part that nobody listed",
        "a person is never excused",
    ],
)
def test_a_release_answers_for_what_it_adds(
    before: list[range], new: list[range], groups: list[range], verdict: Verdict
) -> None:
    random = np.random.default_rng(1)
    said = adds_nothing_small(sets_of(before), sets_of(new), sets_of(groups), threshold=10, generator=random)
    assert said is verdict


def forged(past: Past) -> Past:
    """A state that says of every group that much is left of it: admission would give them away."""
    columns = dict(to_columns(past.state))
    columns["left"] = columns["left"] + 1e6
    columns |= {f"watched-{name}": getattr(no_sets(), name) for name in ("starts", "members")}
    return Past(from_columns(columns), past.releases)


def test_the_gate_refuses_what_admission_was_wrong_about() -> None:
    """Three people are a small cell; the whole, and then the whole without them."""
    past = after({"A": range(3), "B": range(50)})
    whole = {"Total": range(3, 50)}
    assert told(decided(whole, past).table) == set()
    with pytest.raises(QueryRefused) as refusal:
        decided(whole, forged(past))
    assert refusal.value.code is RefusalCode.HISTORY_UNDECIDED


def test_the_gate_refuses_when_admission_does_not_list_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "small_pair_sets", lambda *_, **__: no_sets())
    far, near = {"Total": range(200, 260)}, {"Total": range(115, 200)}
    assert told(decided(far, after(FIRST)).table) == {"Total"}
    with pytest.raises(QueryRefused) as refusal:
        decided(near, after(FIRST))
    assert refusal.value.code is RefusalCode.HISTORY_UNDECIDED


def test_over_budget_is_for_the_checker_to_see_or_a_refusal_as_the_policy_says() -> None:
    seen = a_policy(leverage_mean=1e-6)
    assert decided(FIRST, policy=seen).audit.over_budget
    assert not decided(FIRST, policy=a_policy(leverage_mean=1.0, leverage_top1=1.0)).audit.over_budget
    with pytest.raises(QueryRefused) as refusal:
        decided(FIRST, policy=a_policy(leverage_mean=1e-6, over_budget="refuse"))
    assert refusal.value.code is RefusalCode.HISTORY_OVER_BUDGET


def test_leverage_is_of_those_told_about_whatever_their_numbers() -> None:
    """A project that numbers many others has not learnt less of these."""
    few = decided({"Total": range(60)}).audit
    far = decided({"Total": range(10_000, 10_060)}).audit
    assert (few.leverage_mean, few.leverage_top1) == (far.leverage_mean, far.leverage_top1)
    assert few.leverage_mean > 0


def test_a_state_is_read_as_it_was_kept() -> None:
    state = after(FIRST, ONE_MORE, {"Female": range(7), "Male": MEN}).state
    again = from_columns(to_columns(state))
    assert digest(to_columns(again)) == digest(to_columns(state))
    assert (again.factor == state.factor).all()
    assert listed(again.groups) == listed(state.groups)


@pytest.mark.parametrize("name", to_columns(nothing_released()))
def test_columns_that_do_not_fit_are_no_state(name: str) -> None:
    columns = dict(to_columns(after(ONE_MORE, {"Female": range(7), "Male": range(53)}).state))
    for damaged in (columns[name][:-1], np.append(columns[name], 999)):
        if name.endswith("members") or damaged.size != columns[name].size:
            with pytest.raises(EngineRefusal) as refusal:
                from_columns(columns | {name: damaged.astype(columns[name].dtype)})
            assert refusal.value.code is RefusalCode.VAULT_DAMAGED
    with pytest.raises(EngineRefusal):
        from_columns({key: each for key, each in columns.items() if key != name})


def test_another_byte_is_another_digest() -> None:
    columns = dict(to_columns(after(FIRST).state))
    for name, column in columns.items():
        if column.size:
            changed = column.copy()
            changed[-1] += 1
            assert digest(columns | {name: changed}) != digest(columns)


def test_nothing_of_a_decision_prints() -> None:
    done = decided(FIRST)
    assert repr((done, done.after)) == "(Decided(withheld), Past(withheld))"
    assert PersonSets.__repr__(done.state.published) == "PersonSets(withheld)"
