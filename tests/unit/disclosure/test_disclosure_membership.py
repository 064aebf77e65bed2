from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.membership import (
    KeptColumns,
    Membership,
    cell_key,
    from_columns,
    memberships,
    to_columns,
)
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE, a_cell, a_table

TABLE = a_table(
    a_cell(20, 100, "A"), a_cell(3, 100, "B"), a_cell(0, 5, "C"), a_cell(4, 50, "D", applicable=False)
)


def kept() -> tuple[Membership, ...]:
    return memberships(TABLE, control(TABLE, DEFAULT, provenance=PROVENANCE))


def plain(each: Membership) -> tuple[object, ...]:
    return each.key, each.measure, each.people.tolist(), each.shown


def test_every_cell_is_kept_hidden_ones_too_with_what_was_shown_of_it() -> None:
    assert [(m.key, m.people.size, m.shown) for m in kept() if m.measure == "numerator"] == [
        ("sex=A", 20, True),
        ("sex=B", 3, False),
        ("sex=C", 0, False),
        ("sex=D", 4, False),
    ]
    assert [(m.key, m.people.size, m.shown) for m in kept() if m.measure == "denominator"] == [
        ("sex=A", 100, True),
        ("sex=B", 100, True),
        ("sex=C", 5, False),
        ("sex=D", 50, False),
    ]


def test_memberships_come_back_from_columns_as_they_were() -> None:
    assert [plain(m) for m in from_columns(to_columns(kept()))] == [plain(m) for m in kept()]


def test_nothing_kept_comes_back_as_nothing() -> None:
    assert from_columns(to_columns(())) == ()


def test_a_set_that_cells_share_is_written_once() -> None:
    columns = to_columns(kept())
    assert columns.members["person"].size == 20 + 100 + 3 + 0 + 5 + 4 + 50
    assert len({column.size for column in columns.members.values()}) == 1
    assert len({column.size for column in columns.cells.values()}) == 1


def test_columns_may_come_back_in_another_order() -> None:
    columns = to_columns(kept())
    order = np.argsort(-columns.members["set"], kind="stable")
    turned = KeptColumns(columns.cells, {name: c[order] for name, c in columns.members.items()})
    assert [plain(m) for m in from_columns(turned)] == [plain(m) for m in kept()]


def test_columns_that_do_not_fit_are_refused() -> None:
    columns = to_columns(kept())
    short = dict(columns.cells) | {"key": columns.cells["key"][:1]}
    without = {"set": columns.members["set"]}
    for damaged in (KeptColumns(short, columns.members), KeptColumns(columns.cells, without)):
        with pytest.raises(EngineRefusal) as refusal:
            from_columns(damaged)
        assert refusal.value.code is RefusalCode.VAULT_DAMAGED


def test_nothing_kept_prints_what_it_holds() -> None:
    assert repr(kept()[0]) == "Membership(withheld)"
    assert repr(to_columns(kept())) == "KeptColumns(withheld)"


def test_the_key_of_a_table_of_one_cell_is_empty() -> None:
    assert cell_key((), ()) == ""
    assert cell_key(("sex", "age_band"), ("Female", "Total")) == "sex=Female;age_band=Total"
