"""Pre-flight of a table: what it counts, what it leaves alone, and which tables it refuses."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.limits import Limits
from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.admission.columns import digest, to_columns
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.preflight import foresee, without_outcomes
from tests.unit.disclosure.tables import DEFAULT, HES, MEASURES
from tests.unit.disclosure_history.test_release import BEGINNING, FIRST, ONE_MORE, a_table, after

BANDS = [band.label for band in next(b for b in age_bandings().bandings if b.name == "ten_year").bands]
NESTED = age_bandings().coarser("ten_year")


def foreseen(table: ExactTable, past: Past = BEGINNING, policy: Policy = DEFAULT, seed: int = 1) -> Preflight:
    return foresee(past.state, table, policy, coarser=NESTED, generator=np.random.default_rng(seed))


def by_sex_and_age(sizes: dict[tuple[str, str], int]) -> ExactTable:
    """Cells of so many people each, and all their margins."""
    starts = np.cumsum([0, *sizes.values()])
    people = {
        labels: np.arange(first, first + size, dtype=np.int32)
        for (labels, size), first in zip(sizes.items(), starts, strict=False)
    }
    nobody = np.empty(0, dtype=np.int32)
    cells = []
    for sex, age in product(("Female", "Male", TOTAL), (*BANDS, TOTAL)):
        within = [who for (s, a), who in people.items() if sex in {s, TOTAL} and age in {a, TOTAL}]
        joined = np.sort(np.concatenate([nobody, *within]))
        cells.append(ExactCell((sex, age), joined, {"numerator": joined[::3]}))
    return ExactTable("People", "prevalence", ("sex", "age_band"), MEASURES, tuple(cells))


def test_cells_hidden_by_size_and_by_history_are_counted_together() -> None:
    assert foreseen(a_table(FIRST)).asked.model_dump() == {"cells": 3, "hidden": 0}
    assert foreseen(a_table(ONE_MORE), after(FIRST)).asked.hidden == 2
    assert foreseen(a_table(FIRST | {"Not known": range(200, 205)}), after(FIRST)).asked.hidden == 1


def test_coarser_questions_are_foreseen_beside_the_one_that_is_asked() -> None:
    sizes = {(sex, band): 12 if sex == "Male" else 50 for sex in ("Female", "Male") for band in BANDS}
    told = foreseen(by_sex_and_age(sizes))
    assert told.asked.model_dump() == {"cells": 30, "hidden": 9}
    assert [each.model_dump() for each in told.coarser] == [
        {"cells": 18, "hidden": 3, "change": "age_bands", "to": "broad"},
        {"cells": 10, "hidden": 0, "change": "without", "to": "sex"},
        {"cells": 3, "hidden": 0, "change": "without", "to": "age_band"},
    ]


def test_a_cell_that_nobody_can_be_in_is_not_hidden() -> None:
    cells = (
        ExactCell(
            ("Male",),
            np.arange(0, dtype=np.int32),
            {"numerator": np.arange(0, dtype=np.int32)},
            applicable=False,
        ),
    )
    table = ExactTable("People", "prevalence", ("sex",), MEASURES, cells)
    assert foreseen(table).asked.model_dump() == {"cells": 1, "hidden": 0}


def test_a_total_over_one_cell_that_cannot_be_is_still_told() -> None:
    table = by_sex_and_age({("Female", band): 20 for band in BANDS})
    assert foreseen(table).coarser[1].model_dump()["hidden"] == 0


def test_a_policy_that_shows_nobody_hides_no_empty_cell() -> None:
    table = a_table({"Female": range(60), "Male": [], TOTAL: range(60)})
    assert foreseen(table).asked.hidden == 1
    assert foreseen(table, policy=HES).asked.hidden == 0


def test_nothing_is_decided_and_chance_decides_nothing() -> None:
    past = after(FIRST)
    before = digest(to_columns(past.state))
    assert len({foreseen(a_table(ONE_MORE), past, seed=seed) for seed in range(10)}) == 1
    assert digest(to_columns(past.state)) == before


def test_outcomes_are_taken_off_before_anything_is_counted() -> None:
    bare = without_outcomes(a_table(FIRST))
    assert (bare.measures, bare.reference) == ((), None)
    assert all((cell.parts, cell.events, cell.days.size) == ({}, {}, 0) for cell in bare.cells)


@pytest.mark.parametrize("profile", ["acro-default", "public-dashboard"])
def test_a_policy_that_does_not_round_has_no_preflight(profile: str) -> None:
    with pytest.raises(QueryRefused) as refusal:
        foreseen(a_table(FIRST), policy=Policy.from_json(policy_text(profile)))
    assert refusal.value.code is RefusalCode.MECHANISM_NOT_AVAILABLE


@pytest.mark.parametrize("limits", [{"dims": 0}, {"cells": 2}])
def test_a_table_larger_than_the_policy_allows_has_no_preflight(limits: dict[str, int]) -> None:
    text = json.loads(policy_text(DEFAULT.profile)) | {"limits": Limits(**limits).model_dump()}
    with pytest.raises(QueryRefused) as refusal:
        foreseen(a_table(FIRST), policy=Policy.from_json(json.dumps(text)))
    assert refusal.value.code is RefusalCode.TABLE_TOO_LARGE
