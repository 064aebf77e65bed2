"""Rows that are not what they should be, sealed by a provider that left its tool's checks out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.forged import Forger
from tests.running import Running

pytestmark = pytest.mark.process
GP, REGISTRY = "gp-federation", "cancer-registry"
PAYLOAD = "gp_registration"
CORRECT, UP_TO_DATE = "Run tre-provider validate", "Bring tre-provider up to date"


def instead(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """The rows with other values in one column."""
    return rows.set_column(rows.column_names.index(name), name, values)


def sent(practices: Forger, rows: pa.Table) -> bytes:
    return practices.package(practices.parts(**{PAYLOAD: practices.sealed(PAYLOAD, rows)}))


def failures(part: dict[str, Any]) -> list[tuple[str, str, int, list[int]]]:
    found = part["report"]["findings"]
    return [
        (f["field"], f["rule"], f["rows"], f["row_numbers"])
        for f in found
        if f["outcome"].startswith("Failed")
    ]


@pytest.mark.parametrize(("kind", "counts"), [("a number", {"not_text": 1}), ("a list", {"wrong_form": 1})])
def test_a_column_of_another_type_is_rejected_with_a_count(
    running: Running, practices: Forger, kind: str, counts: dict[str, int]
) -> None:
    rows = practices.tables[PAYLOAD]
    of = {"a number": pa.array([1950] * rows.num_rows), "a list": pa.array([["1950"]] * rows.num_rows)}[kind]
    package = sent(practices, instead(rows, "year_of_birth", of))
    assert running.rejected(GP, package, PAYLOAD, "columns-differ", UP_TO_DATE)["counts"] == counts


def test_a_small_part_that_becomes_a_large_one_is_rejected(running: Running, practices: Forger) -> None:
    """A cell of a mebibyte in every row, which costs a hundred bytes to send."""
    rows = practices.tables[PAYLOAD]
    cells = pa.DictionaryArray.from_arrays(pa.array([0] * rows.num_rows, pa.int32()), ["x" * (1 << 20)])
    package = sent(practices, instead(rows, "gp_practice_code", cells))
    running.rejected(GP, package, PAYLOAD, "part-too-large", "Split the delivery")


@pytest.mark.parametrize("bad", ["\u202e12", "=1+1"])
def test_marks_that_turn_the_text_and_formulas_are_rejected_and_counted(
    running: Running, practices: Forger, bad: str
) -> None:
    rows = practices.tables[PAYLOAD]
    values = pa.array([bad, bad, *rows["sex"].to_pylist()[2:]])
    part = running.rejected(
        GP, sent(practices, instead(rows, "sex", values)), PAYLOAD, "rows-invalid", CORRECT
    )
    assert failures(part) == [("sex", "list", 2, [2, 3])]


def test_a_row_that_is_there_twice_is_rejected_and_counted(running: Running, practices: Forger) -> None:
    rows = practices.tables[PAYLOAD]
    package = sent(practices, pa.concat_tables([rows, rows.slice(5, 1)]))
    part = running.rejected(GP, package, PAYLOAD, "rows-invalid", CORRECT)
    assert [(rule, count) for _, rule, count, _ in failures(part)] == [("unique", 2)]


def test_a_part_that_contradicts_another_is_rejected_and_counted(running: Running, registry: Forger) -> None:
    """Each is valid by itself; the tumour is found after the death."""
    tumours, deaths = registry.tables["cancer_registration"], registry.tables["death"]
    dead = deaths["person_key"].to_pylist()
    place = next(i for i, key in enumerate(tumours["person_key"].to_pylist()) if key in dead)
    key = tumours["person_key"][place].as_py()
    died = pa.array(
        [
            ("1999-01-01" if who == key else day)
            for who, day in zip(dead, deaths["date_of_death"].to_pylist(), strict=True)
        ]
    )
    parts = registry.parts(death=registry.sealed("death", instead(deaths, "date_of_death", died)))
    part = running.rejected(REGISTRY, registry.package(parts), "cancer_registration", "rows-invalid", CORRECT)
    assert {(field, rule) for field, rule, _, _ in failures(part)} == {("diagnosis_date", "death")}
