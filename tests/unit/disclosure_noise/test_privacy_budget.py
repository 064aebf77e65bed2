"""The privacy budget: taken in whole millionths, once for each release, never beyond the total."""

from __future__ import annotations

import json
import math

import pytest

from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.disclosure.differential_privacy.budget import Spending, charged, receipt_of, spent
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.strictest import strictest
from tests.unit.disclosure_noise.noisy import a_dashboard

ONE, TWO = "ab" * 32, "cd" * 32


def after(*release_ids: str, **dp: object) -> tuple[Spending, ...]:
    ledger: tuple[Spending, ...] = ()
    for release_id in release_ids:
        ledger = charged(ledger, a_dashboard(**dp).dp, release_id=release_id, specification_sha256=ONE)
    return ledger


def ids(number: int) -> list[str]:
    return [f"{n:032x}" for n in range(number)]


def refused(*release_ids: str, **dp: object) -> RefusalCode:
    with pytest.raises(EngineRefusal) as refusal:
        after(*release_ids, **dp)
    return refusal.value.code


def test_four_quarters_are_the_whole_and_a_fifth_is_refused() -> None:
    assert spent(after(*ids(4))) == 1_000_000
    assert refused(*ids(5)) is RefusalCode.PRIVACY_BUDGET_EXHAUSTED


def test_ten_tenths_are_one() -> None:
    """In binary fractions they would be less."""
    assert sum([0.1] * 10) != 1.0
    assert spent(after(*ids(10), epsilon_per_question=0.1)) == 1_000_000
    assert refused(*ids(11), epsilon_per_question=0.1) is RefusalCode.PRIVACY_BUDGET_EXHAUSTED


def test_what_is_finer_than_a_millionth_is_charged_as_one_and_never_given() -> None:
    assert spent(after(*ids(1), epsilon_per_question=0.1000001)) == 100_001
    assert refused(*ids(1), epsilon_per_question=0.1234567, epsilon_total=0.1234569) is (
        RefusalCode.PRIVACY_BUDGET_EXHAUSTED
    )


def test_a_release_is_charged_once_also_when_nothing_is_left() -> None:
    assert after(*ids(4), *ids(4)) == after(*ids(4))


def test_another_question_under_the_same_release_is_refused() -> None:
    with pytest.raises(NotTrusted) as refusal:
        charged(after(*ids(1)), a_dashboard().dp, release_id=ids(1)[0], specification_sha256=TWO)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_a_receipt_says_what_was_taken_for_its_release_and_by_the_project() -> None:
    ledger = charged(
        after(*ids(2)),
        a_dashboard(epsilon_per_question=0.1).dp,
        release_id="f" * 32,
        specification_sha256=TWO,
    )
    receipt = receipt_of(ledger, "f" * 32)
    assert (receipt.specification_sha256, receipt.epsilon, receipt.spent_millionths) == (TWO, 0.1, 600_000)


def test_there_is_no_receipt_for_what_is_not_written_down() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        receipt_of(after(*ids(2)), "f" * 32)


@pytest.mark.parametrize("field", ["epsilon_total", "epsilon_per_question"])
@pytest.mark.parametrize("epsilon", [0, -1, 10.1, 1e-7, math.inf, -math.inf, math.nan, "much", None])
def test_an_epsilon_out_of_bounds_is_no_policy(field: str, epsilon: object) -> None:
    with pytest.raises(NotTrusted) as refusal:
        a_dashboard(**{field: epsilon})
    assert refusal.value.code is RefusalCode.POLICY_INVALID


@pytest.mark.parametrize(
    "dp",
    [
        {"epsilon_per_question": 1.1},
        {"epsilon_total": 0.2},
        {"labels_per_person": 0},
        {"labels_per_person": 1.5},
        {"delta": 0.1},
        {"enabled": False},
    ],
    ids=json.dumps,
)
def test_a_budget_that_contradicts_itself_is_no_policy(dp: dict[str, object]) -> None:
    with pytest.raises(NotTrusted) as refusal:
        a_dashboard(**dp)
    assert refusal.value.code is RefusalCode.POLICY_INVALID


def test_the_strictest_has_the_smallest_budget() -> None:
    other = a_dashboard(epsilon_total=0.5, epsilon_per_question=0.5, labels_per_person=1)
    found = strictest([a_dashboard(), other])
    assert isinstance(found, Policy)
    assert (found.dp.epsilon_total, found.dp.epsilon_per_question, found.dp.labels_per_person) == (
        0.5,
        0.25,
        1,
    )
