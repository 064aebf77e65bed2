from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from tests.unit.disclosure.tables import MEASURES, a_cell, a_table, some

PEOPLE = some(20, start=4711)


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        (some(3), some(3, start=1)),
        (some(3)[::-1], some(9)),
        (some(3), some(9)[::-1]),
        (np.array([1, 1], dtype=np.int32), some(9)),
        (some(3).astype(np.int64), some(9)),
        (some(4).reshape(2, 2), some(9)),
    ],
    ids=["not a part", "unsorted", "unsorted population", "twice", "another type", "two dimensions"],
)
def test_sets_that_are_none_are_refused(numerator: np.ndarray, denominator: np.ndarray) -> None:
    with pytest.raises(NotTrusted) as refusal:
        ExactCell(("Total",), denominator, {"numerator": numerator})
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


@pytest.mark.parametrize(
    ("dimensions", "labels"), [(("sex",), ("A", "A")), ((), ("A",)), (("sex", "age_band"), ("A",))]
)
def test_labels_that_do_not_fit_are_refused(dimensions: tuple[str, ...], labels: tuple[str, ...]) -> None:
    cells = tuple(a_cell(1, 2, label) for label in labels)
    with pytest.raises(NotTrusted) as refusal:
        ExactTable("People", "prevalence", dimensions, MEASURES, cells)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_neither_cell_nor_table_prints_what_it_holds() -> None:
    cell = ExactCell(("Total",), PEOPLE, {"numerator": PEOPLE[:2]})
    assert repr(cell) == "ExactCell(withheld)"
    assert repr(a_table(cell)) == "ExactTable(withheld)"
