from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import CellStatus, ControlledRow
from linkage_engine.disclosure.cells import ExactCell
from linkage_engine.disclosure.membership import from_columns, memberships, to_columns
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.threshold import effective_threshold
from tests.unit.disclosure.tables import (
    DEFAULT,
    DENOMINATOR,
    HES,
    NUMERATOR,
    PER_100_000,
    PERCENT,
    a_cell,
    a_table,
    controlled,
)

# Sizes around the threshold and the edges of bins, and larger ones.
SIZES = st.one_of(st.integers(0, 40), st.integers(0, 3000))


@st.composite
def cells(draw: st.DrawFn) -> tuple[ExactCell, ...]:
    pairs = draw(st.lists(st.tuples(SIZES, SIZES, st.booleans() | st.just(True)), min_size=1, max_size=8))
    return tuple(
        a_cell(min(pair[:2]), max(pair[:2]), f"Label {place}", applicable=pair[2])
        for place, pair in enumerate(pairs)
    )


POLICIES = st.sampled_from([DEFAULT, HES])


def told(row: ControlledRow, measure: int) -> float | None:
    return row.values[measure].value


@given(cells=cells())
def test_no_shown_number_nor_its_complement_is_below_the_effective_threshold_in_truth(
    cells: tuple[ExactCell, ...],
) -> None:
    low = effective_threshold(DEFAULT.threshold.persons, DEFAULT.counts.method)
    for cell, row in zip(cells, controlled(*cells).rows, strict=True):
        if told(row, DENOMINATOR) is not None:
            assert cell.population.size >= low
        for measure in (NUMERATOR, PERCENT, PER_100_000):
            if told(row, measure) is not None:
                assert cell.parts["numerator"].size >= low
                assert cell.population.size - cell.parts["numerator"].size >= low


@given(cells=cells())
def test_whatever_the_policy_allows_is_shown(cells: tuple[ExactCell, ...]) -> None:
    """Hiding everything would be safe and useless."""
    for cell, row in zip(cells, controlled(*cells).rows, strict=True):
        n, x = cell.population.size, cell.parts["numerator"].size
        if cell.applicable:
            assert (told(row, DENOMINATOR) is not None) is (n >= 13)
            both = n >= 31 and x >= 13 and n - x >= 13
            rare = 20 * in_the_middle(x) <= 19 * in_the_middle(n)
            assert (told(row, NUMERATOR) is not None) is (both and rare)


def in_the_middle(count: int) -> int:
    return (count - 1) // 6 * 6 + 3


@given(cells=cells(), policy=POLICIES)
def test_whether_a_cell_is_confidential_does_not_hang_on_its_outcome(
    cells: tuple[ExactCell, ...], policy: Policy
) -> None:
    """Nobody, few, half, nearly all, all: confidential are the same numbers of the same cells."""
    hidden = set()
    for tenths in (0, 1, 5, 9, 10):
        changed = [
            a_cell(cell.population.size * tenths // 10, cell.population.size, cell.labels[0])
            for cell in cells
        ]
        rows = controlled(*changed, policy=policy).rows
        hidden.add(tuple(v.status is CellStatus.CONFIDENTIAL for row in rows for v in row.values))
    assert len(hidden) == 1


@given(count=SIZES, population=SIZES)
def test_a_band_says_what_it_says(count: int, population: int) -> None:
    count, population = sorted((count, population))
    status = controlled(a_cell(count, population)).rows[0].values[NUMERATOR].status
    if status is CellStatus.LOW:
        assert count <= 12
    if status is CellStatus.HIGH:
        assert population - count <= 12 or 20 * in_the_middle(count) > 19 * in_the_middle(population)
    if status in {CellStatus.LOW, CellStatus.HIGH}:
        assert population >= 31


@given(cells=cells(), policy=POLICIES)
def test_a_shown_count_is_at_most_three_off_and_a_multiple_of_the_rounding(
    cells: tuple[ExactCell, ...], policy: Policy
) -> None:
    for cell, row in zip(cells, controlled(*cells, policy=policy).rows, strict=True):
        for measure, exact in (
            (NUMERATOR, cell.parts["numerator"].size),
            (DENOMINATOR, cell.population.size),
        ):
            shown = told(row, measure)
            if shown is not None:
                assert abs(shown - exact) <= 3
                assert shown % 5 == 0 if policy is HES else shown % 6 == 3


@given(cells=cells(), policy=POLICIES)
def test_shares_can_be_recomputed_from_what_is_shown(cells: tuple[ExactCell, ...], policy: Policy) -> None:
    for row in controlled(*cells, policy=policy).rows:
        count, population = told(row, NUMERATOR), told(row, DENOMINATOR)
        percent, rate = told(row, PERCENT), told(row, PER_100_000)
        assert (percent is None) is (rate is None) is (count is None or not population)
        if percent is not None and rate is not None and count is not None and population:
            assert 0 <= percent <= 100
            assert abs(percent - 100 * count / population) <= 0.05 + 1e-9
            assert abs(rate - 100_000 * count / population) <= 0.5 + 1e-9


@given(cells=cells(), policy=POLICIES)
def test_the_record_says_nothing_that_the_rows_do_not(cells: tuple[ExactCell, ...], policy: Policy) -> None:
    table = controlled(*cells, policy=policy)
    statuses = [[value.status for value in row.values] for row in table.rows]
    low, high, hidden = (
        sum(status[NUMERATOR] is each for status in statuses)
        for each in (CellStatus.LOW, CellStatus.HIGH, CellStatus.CONFIDENTIAL)
    )
    rules = {rule.rule: rule.cells for rule in table.record.rules}
    assert (table.record.cells_hidden, table.record.cells_banded) == (hidden, low + high)
    assert (rules["count_low"], rules["count_high"]) == (low, high)
    assert rules["population_withheld"] + rules["count_threshold"] == hidden
    assert rules["impossible_cell"] == sum(s[NUMERATOR] is CellStatus.NOT_APPLICABLE for s in statuses)
    assert rules["count_rounded"] == sum(s[NUMERATOR] is CellStatus.SHOWN for s in statuses)


BIN = st.integers(0, 5)


@given(bins=st.tuples(st.integers(2, 200), st.integers(6, 200)), within=st.tuples(BIN, BIN, BIN, BIN))
def test_tables_whose_counts_lie_in_the_same_bins_are_the_same_text(
    bins: tuple[int, int], within: tuple[int, int, int, int]
) -> None:
    """So neither the rows nor the record hold anything exact."""
    count, population = (
        6 * bins[0] + 1,
        6 * (bins[0] + bins[1]) + 1,
    )  # neither side under 26: no edge of `[high]`
    one = controlled(a_cell(count + within[0], population + within[1]))
    other = controlled(a_cell(count + within[2], population + within[3]))
    assert one.to_json() == other.to_json()


@given(few=st.tuples(st.integers(0, 12), st.integers(0, 12)), nearly_all=st.booleans())
def test_banded_counts_are_the_same_text_whether_nobody_or_few_all_or_nearly_all(
    few: tuple[int, int], *, nearly_all: bool
) -> None:
    one, other = (controlled(a_cell(1000 - each if nearly_all else each, 1000)) for each in few)
    assert one.to_json() == other.to_json()


@given(population=st.integers(0, 30), counts=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_a_population_too_small_for_both_sides_is_the_same_text_whatever_its_outcomes(
    population: int, counts: tuple[int, int]
) -> None:
    one, other = (controlled(a_cell(min(each, population), population)) for each in counts)
    assert one.to_json() == other.to_json()


@given(count=st.integers(1000, 4000), more=st.integers(1000, 4000))
def test_no_exact_number_is_in_the_record(count: int, more: int) -> None:
    text = re.sub(r'"[0-9a-f]{64}"', '""', controlled(a_cell(count, count + more)).record.to_json())
    assert not {count, more, count + more} & {int(number) for number in re.findall(r"\d+", text)}


@given(cells=cells(), policy=POLICIES, data=st.data())
def test_a_total_does_not_depend_on_the_other_cells(
    cells: tuple[ExactCell, ...], policy: Policy, data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.sampled_from(range(len(cells))), min_size=1, unique=True))
    together = controlled(*cells, policy=policy).rows
    alone = controlled(*(cells[place] for place in kept), policy=policy).rows
    assert alone == tuple(together[place] for place in kept)


@given(cells=cells())
def test_a_larger_count_never_prints_smaller(cells: tuple[ExactCell, ...]) -> None:
    pairs = zip(cells, controlled(*cells).rows, strict=True)
    shown = sorted((c.population.size, n) for c, row in pairs if (n := told(row, DENOMINATOR)) is not None)
    assert [n for _, n in shown] == sorted(n for _, n in shown)


@given(cells=cells(), policy=POLICIES)
def test_memberships_survive_the_vault(cells: tuple[ExactCell, ...], policy: Policy) -> None:
    kept = memberships(a_table(*cells), controlled(*cells, policy=policy))
    back = from_columns(to_columns(kept))
    assert [(m.key, m.measure, m.shown) for m in back] == [(m.key, m.measure, m.shown) for m in kept]
    for before, after in zip(kept, back, strict=True):
        assert before.people.tolist() == after.people.tolist()
