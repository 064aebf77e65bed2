"""What a trial prints, and the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    Measure,
)
from linkage_engine.contract.evidence import Evidence, Reason
from linkage_engine.laboratory.trial.forecast import Forecast, HiddenCell, forecast
from linkage_engine.laboratory.trial.remarks import remark_on
from linkage_engine.laboratory.trial.shown import (
    WORDS,
    forecast_lines,
    remark_lines,
    table_lines,
    write_csv,
)

SHOWN = ControlledValue(value=12)
HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
LOW = ControlledValue(value=None, status=CellStatus.LOW)
NOBODY = ControlledValue(value=None, status=CellStatus.NOT_APPLICABLE)
WHY = {SHOWN: None, HIDDEN: Reason.TOO_FEW, LOW: Reason.TOO_FEW, NOBODY: Reason.NOT_APPLICABLE}


def evidence_of(
    *rows: tuple[tuple[str, ...], Sequence[ControlledValue]], exact: Sequence[Sequence[float]] = ()
) -> Evidence:
    """The parts of evidence that a trial looks at."""
    names = ("people", "counted") if rows[0][1][1:] else ("people",)
    table = ControlledTable.model_construct(
        title="A table",
        template="prevalence",
        record=cast("DisclosureRecord", None),
        dimensions=tuple(f"by_{place}" for place in range(len(rows[0][0]))),
        measures=tuple(Measure(name=name, title=name, unit="persons") for name in names),
        rows=tuple(ControlledRow(labels=labels, values=tuple(values)) for labels, values in rows),
    )
    reasons = tuple(tuple(WHY[value] for value in values) for _, values in rows)
    return cast("Evidence", SimpleNamespace(table=table, reasons=reasons, exact=exact))


FIRST = evidence_of(
    (("a",), (SHOWN, SHOWN)), (("b",), (HIDDEN, HIDDEN)), (("c",), (SHOWN, LOW)), (("d",), (NOBODY, NOBODY))
)
SECOND = evidence_of(
    (("a",), (SHOWN, HIDDEN)),
    (("b",), (HIDDEN, HIDDEN)),
    (("c",), (HIDDEN, HIDDEN)),
    (("d",), (NOBODY, NOBODY)),
)


def test_cells_and_numbers_are_counted_in_each_population_and_impossible_cells_in_none() -> None:
    assert forecast([FIRST, SECOND]) == Forecast(
        populations=2,
        cells=3,
        hidden=(1, 2),
        numbers=6,
        numbers_hidden=(2, 5),
        numbers_banded=(1, 0),
        reasons={Reason.TOO_FEW: 7},
        which=(HiddenCell(("b",), 2, Reason.TOO_FEW), HiddenCell(("c",), 1, Reason.TOO_FEW)),
    )


def test_the_forecast_is_told_in_lines_and_says_that_it_is_synthetic() -> None:
    foreseen = forecast([FIRST, SECOND])
    lines = list(forecast_lines(foreseen, people=100, population=5000, cells=1))
    assert lines[:7] == [
        "Forecast over 2 synthetic populations of 5,000 people:",
        "  cells hidden: 1 to 2 of 3 (33 to 67 %)",
        "  numbers hidden: 2 to 5 of 6 (33 to 83 %)",
        "  numbers told as [low] or [high]: 0 to 1",
        "  100 % of the hidden numbers: too few people",
        "  hidden in 2 of 2: b (too few people)",
        "  ... and 1 more cells",
    ]
    assert "All of it is synthetic: 100 made-up people" in lines[7]
    assert "drawn again from those 100" in lines[-1]
    same = list(forecast_lines(foreseen, people=100, population=100, cells=9))
    assert "drawn again" not in same[-1]
    assert foreseen.as_json()["which"] == [
        {"labels": ["b"], "times": 2, "reason": "too-few"},
        {"labels": ["c"], "times": 1, "reason": "too-few"},
    ]


def test_a_table_of_nothing_but_impossible_cells_has_no_share() -> None:
    foreseen = forecast([evidence_of(((), (NOBODY,)))])
    assert "  cells hidden: 0 of 0 (0 %)" in forecast_lines(foreseen, people=9, population=9, cells=1)


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(Reason)


def test_a_table_stands_in_columns_and_says_how_much_is_left_out() -> None:
    assert list(table_lines(FIRST.table, 2)) == [
        "by_0  people  counted",
        "a         12       12",
        "b        [c]      [c]",
        "... and 2 more cells: --rows or --csv shows them.",
    ]


def test_a_wide_table_is_told_cell_by_cell() -> None:
    wide = "x" * 60
    table = evidence_of(
        (("a",), (SHOWN, LOW)), (("b",), (HIDDEN, HIDDEN)), ((wide * 2,), (SHOWN, SHOWN))
    ).table
    assert list(table_lines(table, 3))[:4] == ["a", "  people 12; 1 numbers [low]", "b", "  2 numbers [c]"]
    assert next(table_lines(evidence_of(((), (SHOWN,))).table, 9)) == "people"


def test_a_file_has_a_status_beside_each_number(tmp_path: Path) -> None:
    write_csv(tmp_path / "table.csv", FIRST.table)
    assert (tmp_path / "table.csv").read_text().splitlines()[:3] == [
        "by_0,people,people_status,counted,counted_status",
        "a,12,,12,",
        "b,,[c],,[c]",
    ]


def test_a_cohort_of_nobody_is_named() -> None:
    nobody = evidence_of((("a",), (HIDDEN,)), (("Total",), (HIDDEN,)), exact=((0,), (0,)))
    lines = list(remark_lines(remark_on(nobody)))
    assert lines[0].startswith("Note, empty-cohort: Nobody among the synthetic people")
    assert lines[1].startswith("  What to do: ")
    assert list(remark_on(evidence_of((("Total",), (SHOWN,)), exact=((1,),)))) == []
