"""Rates per person-time and survival curves on figures worked by hand."""

from __future__ import annotations

import pytest

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.disclosure.figures import CONFIDENTIAL, Exact
from linkage_engine.disclosure.intervals import byar
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import three_figures
from linkage_engine.disclosure.statistics.survival import surviving
from tests.unit.disclosure.statistic_tables import Told, curve, exactly, falls, told
from tests.unit.disclosure.tables import HES

C, LOW, HIGH = CellStatus.CONFIDENTIAL, CellStatus.LOW, CellStatus.HIGH
BLUNT = Policy.from_json(
    '{"sdc_policy": 1, "profile": "blunt", "threshold": {"persons": 10}, "counts": {"mechanism": "suppress"}}'
)


def test_a_rate_and_its_limits_come_from_rounded_events_and_person_years() -> None:
    """100 people print as 99: 200 days each are 54.2 years; 62 events print as 63."""
    years = three_figures(99 * 200 / 365.25)
    lower, upper = byar(63)
    assert years == 54.2
    assert told(falls(100, 40, 62, 200)) == [
        63,
        54.2,
        three_figures(1000 * 63 / 54.2),
        three_figures(1000 * lower / 54.2),
        three_figures(1000 * upper / 54.2),
    ]


def test_person_years_do_not_say_how_many_people_are_followed() -> None:
    """Everybody is followed 400 days: 97 to 102 people have the same years."""
    assert {tuple(told(falls(people, 40, 62, 400))) for people in range(97, 103)} == {
        tuple(told(falls(100, 40, 62, 400)))
    }


@pytest.mark.parametrize(
    ("people", "fallen", "events", "row"),
    [
        (100, 12, 40, [LOW, 54.2, LOW, LOW, LOW]),
        (100, 0, 0, [LOW, 54.2, LOW, LOW, LOW]),
        (30, 20, 40, [C, 14.8, C, C, C]),
        (12, 12, 40, [C, C, C, C, C]),
    ],
    ids=["few fell", "nobody fell", "too few for both sides", "few people"],
)
def test_a_rate_needs_enough_people_with_enough_events(
    people: int, fallen: int, events: int, row: list[Told]
) -> None:
    assert told(falls(people, fallen, events, 200)) == row


def test_nobody_s_time_is_none_and_gives_no_rate() -> None:
    assert told(falls(0, 0, 0, 0), HES) == [0, 0, *[CellStatus.UNAVAILABLE] * 3]


# 100 people: 24 die by day 60 (12 by 30), 20 leave on day 80, six die by day 90, the rest stay.
DAYS = [20] * 12 + [50] * 12 + [80] * 20 + [85] * 6 + [400] * 50
DIED = [*range(24), *range(44, 50)]
FIRST = 1 - 15 / 99
"""12 of 100 are no step; by day 60 they are 24, which print as 21, of 99."""


def test_a_curve_is_the_product_over_rounded_steps() -> None:
    """By day 60 24 of 100 print as 21 of 99; by day 90 30 as 27, 6 more, of 76, which print as 75."""
    first = 100 * (1 - 21 / 99)
    second = first * (1 - 6 / 75)
    assert told(curve(DAYS, DIED, at=60)) == [75, round(first, 1), round(100 - first, 1)]
    assert told(curve(DAYS, DIED, at=90)) == [51, round(second, 1), round(100 - second, 1)]
    assert told(curve(DAYS, DIED, at=119)) == told(curve(DAYS, DIED, at=90)), "between points it stays"


def test_before_the_first_step_few_have_died_and_nearly_all_survive() -> None:
    assert told(curve(DAYS, DIED, at=30)) == [HIGH, HIGH, LOW]
    assert told(curve(DAYS, DIED, at=29)) == [HIGH, HIGH, LOW]


def test_a_curve_ends_where_few_are_in_view() -> None:
    early = [20] * 30 + [50] * 8 + [60] * 12
    assert told(curve(early, range(30), at=30)) == [21, round(100 * (1 - 27 / 51), 1), 52.9]
    assert told(curve(early, range(30), at=60)) == [LOW, C, C]


def test_everybody_s_survival_is_a_band_as_nobody_s_is() -> None:
    """Of 1,000 all but 40 die: 96 %."""
    days, died = [20] * 960 + [400] * 40, range(960)
    assert told(curve(days, died, at=30)) == [39, LOW, HIGH]


def test_a_curve_becomes_a_band_on_the_day_that_nearly_everybody_has_died() -> None:
    """Of 1,000, which print as 999, 480 die by day 30, which print as 477, and as many by day 60."""
    days = [20] * 480 + [50] * 480 + [400] * 40
    first = round(100 * 477 / 999, 1)
    assert told(curve(days, range(960), at=30)) == [519, round(100 - first, 1), first]
    assert told(curve(days, range(960), at=60)) == [39, LOW, HIGH]


@pytest.mark.parametrize(("people", "row"), [(30, [C, C, C]), (31, [15, 54.5, 45.5])])
def test_a_curve_needs_enough_people_for_both_sides(people: int, row: list[Told]) -> None:
    assert told(curve([20] * 15 + [400] * (people - 15), range(15), at=30)) == row


def test_with_exact_counts_a_curve_has_no_bands() -> None:
    table = curve(DAYS, range(5), at=30)
    found = surviving(Exact(table, BLUNT), table.measures[1])
    assert not found.allowed.any()
    assert found.told(found.numbers, where=found.allowed) == (CONFIDENTIAL,)


def test_who_is_prevented_is_no_longer_at_risk() -> None:
    """20 die and 20 move by day 30 of 100, and as many more of each by day 60."""
    days = [20] * 40 + [50] * 40 + [400] * 20
    died, moved = [*range(20), *range(40, 60)], [*range(20, 40), *range(60, 80)]
    first = 21 / 99
    free = 1 - 42 / 99
    at_risk, surviving, fallen = told(curve(days, died, moved, at=60, competing=True))
    assert at_risk == 21
    assert fallen == round(100 * (first + free * 18 / 57), 1)
    assert surviving == round(100 * (1 - first) * (1 - 18 / 57), 1)


def test_checkers_see_the_curve_of_single_days() -> None:
    """Of ten two die on day 1 and one on day 3; one leaves on day 2."""
    days = [1, 1, 3, 2, *[9] * 6]
    assert exactly(curve(days, [0, 1, 2], at=5)) == (6, round(80 * 6 / 7, 1), round(100 - 80 * 6 / 7, 1))
    assert exactly(curve([], [], at=5)) == (0, None, None)


def test_checkers_see_exact_rates() -> None:
    events, years, rate, *_ = exactly(falls(10, 2, 3, 365))
    assert [events, years] == [3, pytest.approx(3650 / 365.25)]
    assert rate == 300
