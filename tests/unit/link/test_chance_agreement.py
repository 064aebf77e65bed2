from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.link import chance
from linkage_engine.link.model import BITS, Anchor, Comparison
from linkage_engine.link.profiles import MODELS

MODEL = MODELS[LinkageProfile.TOKENS]


def records(rows: int, **columns: Sequence[int | None]) -> pa.Table:
    scalars = (*MODEL.scalars, "anchor_dob", "anchor_postcode")
    made = {name: pa.array(columns.get(name, [None] * rows), pa.int64()) for name in scalars}
    made |= {name: pa.array([[]] * rows, pa.list_(pa.int64())) for name in MODEL.lists}
    made |= {f"{name}_{BITS}": pa.array([0] * rows, pa.int64()) for name in MODEL.lists}
    return pa.table({"unique_id": pa.array(range(rows), pa.int64())} | made)


def counted(table: pa.Table, name: str) -> dict[str, float]:
    with duckdb.connect() as connection:
        found = {c.name: c for c in chance.with_chance(connection, table, MODEL.comparisons, seed=1)}
    return {level.label: level.u for level in found[name].levels}


def default(name: str) -> Comparison:
    return next(c for c in MODEL.comparisons if c.name == name)


def test_agreement_is_counted_over_all_pairs_of_one_file_and_smoothed() -> None:
    # 40 records of two sexes: 380 of 780 pairs agree; 100 pairs of the default (one half) are added.
    u = counted(records(40, sex=[n % 2 for n in range(40)]), "sex")
    assert u["exact"] == pytest.approx((380 + 50) / (780 + 100))
    assert sum(u.values()) == pytest.approx(1.0)


def test_an_anchored_name_is_counted_over_pairs_that_share_the_anchor() -> None:
    days = [n // 10 for n in range(40)]
    u = counted(records(40, dob=days, anchor_dob=days, family_dob=[1] * 40), "family_dob")
    pairs, prior = 4 * 45, default("family_dob").levels[0].u
    assert u["exact"] == pytest.approx((pairs + 100 * prior) / (pairs + 100), rel=0.01)


def test_a_field_that_nobody_has_keeps_the_documented_chance() -> None:
    assert counted(records(10), "middle_initial")["exact"] == pytest.approx(0.08)


def test_chances_too_rare_for_a_sample_are_left_alone() -> None:
    assert counted(records(10, nhs_number=[1] * 10), "nhs_number")["exact"] == 1e-7


def test_a_crowded_anchor_is_counted_over_a_sample_of_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "MOST_ANCHORED_PAIRS", 1000)
    table = records(200, dob=[1] * 200, anchor_dob=[1] * 200, family_dob=[n % 2 for n in range(200)])
    assert 10 < chance._sample(table, Anchor.DOB, 1).num_rows < 120
    assert counted(table, "family_dob")["exact"] == pytest.approx(0.5, abs=0.1)
