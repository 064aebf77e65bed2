"""What a person reads of a trial: the table, what of it will be hidden, and what that is worth."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, ControlledValue
from linkage_engine.contract.evidence import Reason
from linkage_engine.laboratory.trial.forecast import Forecast
from linkage_engine.laboratory.trial.remarks import Remark

WIDEST = 110
"""Characters of a line."""
WORDS = {
    Reason.TOO_FEW: "too few people",
    Reason.COMPLEMENT: "too few people beside those counted",
    Reason.HISTORY: "with the rest of the table a small group could be computed",
    Reason.REFERENCE: "too few people or events to compare with",
    Reason.RULE: "a number that it is computed from is hidden, or its own rule forbids it",
    Reason.OTHER_CELLS: "margins would tell another cell",
    Reason.NOISE: "with its noise too small, or too near to all",
    Reason.UNAVAILABLE: "nothing to compute it from",
    Reason.NOT_APPLICABLE: "nobody can be in the cell",
}


def table_lines(table: ControlledTable, rows: int) -> Iterator[str]:
    """The first cells of a table, and how many more there are: in columns, or where wide in words."""
    names = [measure.name for measure in table.measures]
    lines = list(_in_columns(table, names, rows))
    yield from lines if max(map(len, lines)) <= WIDEST else _in_words(table, names, rows)
    if len(table.rows) > rows:
        yield f"... and {len(table.rows) - rows} more cells: --rows or --csv shows them."


def _in_columns(table: ControlledTable, names: Sequence[str], rows: int) -> Iterator[str]:
    labels = len(table.dimensions)
    lines = [[*table.dimensions, *names]]
    lines += [[*row.labels, *map(_text, row.values)] for row in table.rows[:rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = zip(line, widths, strict=True)
        cells = (t.ljust(w) if at < labels else t.rjust(w) for at, (t, w) in enumerate(padded))
        yield "  ".join(cells).rstrip()


def _in_words(table: ControlledTable, names: Sequence[str], rows: int) -> Iterator[str]:
    for row in table.rows[:rows]:
        yield ", ".join(row.labels) or "The whole table"
        pairs = list(zip(names, row.values, strict=True))
        told = [f"{name} {_text(value)}" for name, value in pairs if value.status is CellStatus.SHOWN]
        others = Counter(value.status for _, value in pairs if value.status is not CellStatus.SHOWN)
        told += [f"{count} numbers {status.value}" for status, count in others.items()]
        yield from wrap("; ".join(told), WIDEST, initial_indent="  ", subsequent_indent="  ")


def forecast_lines(foreseen: Forecast, *, people: int, population: int, cells: int) -> Iterator[str]:
    """How many cells and numbers will be hidden, why, and which cells; the first so many by name."""
    times = foreseen.populations
    yield f"Forecast over {times} synthetic populations of {population:,} people:"
    yield f"  cells hidden: {_of(foreseen.hidden, foreseen.cells)}"
    yield f"  numbers hidden: {_of(foreseen.numbers_hidden, foreseen.numbers)}"
    yield f"  numbers told as [low] or [high]: {_range(foreseen.numbers_banded)}"
    total = sum(foreseen.reasons.values())
    for reason, count in sorted(foreseen.reasons.items(), key=lambda each: -each[1]):
        yield f"  {100 * count / total:.0f} % of the hidden numbers: {WORDS[reason]}"
    for each in foreseen.which[:cells]:
        where = ", ".join(each.labels) or "the whole table"
        yield f"  hidden in {each.times} of {times}: {where} ({WORDS[each.reason]})"
    if len(foreseen.which) > cells:
        yield f"  ... and {len(foreseen.which) - cells} more cells"
    yield f"All of it is synthetic: {people:,} made-up people, linked without a mistake, asked as a project's"
    yield "first question. It shows how the question works and about how much is hidden; nothing of England."
    if population != people:
        yield f"People were drawn again from those {people:,}: what none of them has, nobody has here."


def remark_lines(said: Iterable[Remark]) -> Iterator[str]:
    """Each remark on a line, and what to do on the next."""
    for each in said:
        yield f"Note, {each.code}: {each.says}"
        yield f"  What to do: {each.remedy}"


def write_csv(path: Path, table: ControlledTable) -> None:
    """The whole table, a status beside each number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = (name for measure in table.measures for name in (measure.name, f"{measure.name}_status"))
        writer.writerow([*table.dimensions, *names])
        for row in table.rows:
            pairs = (text for value in row.values for text in (_number(value.value), value.status.value))
            writer.writerow([*row.labels, *pairs])


def _text(value: ControlledValue) -> str:
    return _number(value.value) if value.status is CellStatus.SHOWN else value.status.value


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _of(counts: Sequence[int], whole: int) -> str:
    shares = [round(100 * count / whole) if whole else 0 for count in counts]
    return f"{_range(counts)} of {whole} ({_range(shares)} %)"
