from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.disclosure.cells import ExactCell, Reference
from linkage_engine.disclosure.intervals import byar, wilson
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.reference import safe_rates
from tests.unit.disclosure.emergency_tables import KIND, Figures, a_cell, a_reference, controlled, figures
from tests.unit.disclosure.tables import DEFAULT, HES

SIZES = st.one_of(st.integers(0, 40), st.integers(0, 2000))
POLICIES = st.sampled_from([DEFAULT, HES])
STRATA = 6


@st.composite
def cells(draw: st.DrawFn) -> ExactCell:
    cases, persons = sorted((draw(SIZES), draw(SIZES)), reverse=True)
    events = persons + draw(SIZES) if persons else 0
    days = draw(st.lists(st.integers(0, 5000) | st.just(0), min_size=STRATA, max_size=STRATA))
    return a_cell(cases, persons, events, days, applicable=draw(st.just(True) | st.booleans()))


@st.composite
def references(draw: st.DrawFn) -> Reference:
    def some_numbers(numbers: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(numbers, min_size=STRATA, max_size=STRATA))

    return a_reference(some_numbers(SIZES), some_numbers(SIZES), some_numbers(st.integers(1, 10**6)), sexes=2)


def row_of(cell: ExactCell, reference: Reference, policy: Policy = DEFAULT) -> Figures:
    return figures(controlled(cell, reference=reference, policy=policy))


def shown(row: Figures, name: str) -> bool:
    return not isinstance(row[name], CellStatus)


@given(cell=cells(), reference=references())
def test_nothing_is_told_of_fewer_people_or_events_than_the_effective_threshold(
    cell: ExactCell, reference: Reference
) -> None:
    row = row_of(cell, reference)
    people, counted = cell.population.size, cell.parts[KIND].size
    if any(shown(row, name) for name in row):
        assert people >= 13
    if shown(row, "observed") or shown(row, "ratio"):
        assert min(counted, cell.events[KIND]) >= 13
    if shown(row, "persons") or shown(row, "percent"):
        assert min(counted, people - counted) >= 13


@given(cell=cells(), reference=references())
def test_whatever_the_rules_allow_is_told(cell: ExactCell, reference: Reference) -> None:
    row = row_of(cell, reference)
    if cell.applicable and cell.population.size >= 13:
        assert shown(row, "cases")
        assert shown(row, "observed") is (cell.population.size >= 31 and cell.parts[KIND].size >= 13)
        assert shown(row, "ratio") is (
            shown(row, "observed") and shown(row, "expected") and bool(row["expected"])
        )


@given(cell=cells(), reference=references(), policy=POLICIES)
def test_what_is_computed_can_be_recomputed_from_what_is_shown(
    cell: ExactCell, reference: Reference, policy: Policy
) -> None:
    numbers = {
        name: figure
        for name, figure in row_of(cell, reference, policy).items()
        if not isinstance(figure, CellStatus)
    }
    if "ratio" in numbers:
        lower, upper = byar(numbers["observed"])
        assert numbers["ratio"] == round(numbers["observed"] / numbers["expected"], 2)
        assert numbers["ratio_lower"] == round(lower / numbers["expected"], 2)
        assert numbers["ratio_upper"] == round(upper / numbers["expected"], 2)
        assert numbers["ratio_lower"] <= numbers["ratio"] <= numbers["ratio_upper"]
    if "percent" in numbers:
        limits = [round(100 * limit, 1) for limit in wilson(numbers["persons"], numbers["cases"])]
        assert [numbers["percent_lower"], numbers["percent_upper"]] == limits
        assert limits[0] <= numbers["percent"] <= limits[1]


@given(reference=references())
def test_no_rate_comes_from_few_people_or_few_events(reference: Reference) -> None:
    """Strata with one rate were joined: together, within a sex or over both, they are enough."""
    rates = safe_rates(reference, KIND, at_least=13)
    ages = STRATA // 2
    persons, events = reference.persons, reference.events[KIND]
    for start in (0, ages):
        sex = slice(start, start + ages)
        for rate in set(rates[sex][rates[sex] == rates[sex]].tolist()):
            joined = [n for n in range(start, start + ages) if rates[n] == rate]
            both = [*joined, *((n + ages) % STRATA for n in joined)]
            assert max(persons[joined].sum(), persons[both].sum()) >= 13
            assert max(events[joined].sum(), events[both].sum()) >= 13


@given(cell=cells(), reference=references(), more=st.integers(0, 5))
def test_events_in_the_same_bin_are_the_same_text(cell: ExactCell, reference: Reference, more: int) -> None:
    first = 6 * (cell.events[KIND] // 6 + 1) + 1
    happened = bool(cell.parts[KIND].size)
    texts = set()
    for events in (first, first + more):
        own = {KIND: events if happened else 0}
        changed = ExactCell(cell.labels, cell.population, cell.parts, own, cell.days)
        texts.add(controlled(changed, reference=reference).to_json())
    assert len(texts) == 1
