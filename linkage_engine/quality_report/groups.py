"""Who was linked and who was not, group by group: tables made of a controlled table's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from linkage_engine.contract.controlled_table import TOTAL, CellStatus, ControlledTable, ControlledValue
from linkage_engine.quality_report.differences import FLAGGED, share_in, standardised_difference
from linkage_engine.quality_report.document import (
    Chart,
    Column,
    Figure,
    Paragraph,
    ReportTable,
    Row,
    Section,
    Unit,
    figure,
    words,
)

Cell = Mapping[str, ControlledValue]
"""The numbers of one row by the names of its measures."""
TITLES = {
    "age_band": "Age",
    "sex": "Sex",
    "ethnic_group": "Ethnic group",
    "deprivation": "Deprivation of the area of residence",
    "area": "Integrated care board",
}
_COLUMNS = (
    Column(name="people", title="People", unit=Unit.COUNT),
    Column(name="linked", title="Linked", unit=Unit.COUNT),
    Column(name="linked_percent", title="Linked, percent", unit=Unit.PERCENT),
    Column(name="linked_percent_lower", title="From, percent", unit=Unit.PERCENT),
    Column(name="linked_percent_upper", title="To, percent", unit=Unit.PERCENT),
    Column(name="share_of_linked", title="Share of the linked, percent", unit=Unit.PERCENT),
    Column(name="share_of_unlinked", title="Share of the others, percent", unit=Unit.PERCENT),
    Column(name="difference", title="Standardised difference", unit=Unit.DIFFERENCE),
    Column(name="flag", title="Pointed out", unit=Unit.WORDS),
)
_TOLD = tuple(column.name for column in _COLUMNS[:5])
LONG = "area"
"""A breakdown so long that groups of which nothing is told are counted instead of listed."""
PERCENT_TICKS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
_DIFFERENCE_TICKS = (-0.5, -0.25, 0.0, 0.25, 0.5)


def cells_of(table: ControlledTable) -> dict[tuple[str, ...], Cell]:
    """The rows of a table by their labels."""
    names = [measure.name for measure in table.measures]
    return {row.labels: dict(zip(names, row.values, strict=True)) for row in table.rows}


def total_of(table: ControlledTable) -> Cell:
    """Everybody of the data set."""
    return cells_of(table)[(TOTAL,) * len(table.dimensions)]


def by_group(table: ControlledTable, *, has_rates: bool) -> Section:
    """A table for every breakdown, each with a chart, and one of all differences."""
    tables = [_table(table, name, has_rates=has_rates) for name in table.dimensions]
    held = [each for each in tables if each.rows]
    missing = [each.label_title.lower() for each in tables if not each.rows]
    notes = [_NOTE] if held and has_rates else []
    if missing:
        notes.append(f"Not held by the data set whose people are counted: {', '.join(missing)}.")
    return Section(
        name="groups",
        title="Who was linked",
        paragraphs=tuple(notes),
        tables=(*held, *_differences(held)) if has_rates else tuple(held),
    )


_NOTE: Paragraph = (
    "Shares and differences are computed from the rounded numbers beside them, so that small groups are "
    f"uncertain. A standardised difference beyond {FLAGGED} either way is pointed out: the group is more "
    "common (above nought) or less common (below) among the linked than among the others, and results for it "
    "may be biased."
)


def _table(table: ControlledTable, breakdown: str, *, has_rates: bool) -> ReportTable:
    place, total = table.dimensions.index(breakdown), total_of(table)
    groups = {labels[place]: cell for labels, cell in cells_of(table).items() if labels[place] != TOTAL}
    told = {label: cell for label, cell in groups.items() if cell["people"].status is CellStatus.SHOWN}
    shown = told if breakdown == LONG else groups
    rows = [_row(label, cell, total, has_rates=has_rates) for label, cell in shown.items()]
    if groups:
        rows.append(_row(TOTAL, total, total, has_rates=has_rates))
    title = TITLES[breakdown]
    said = f"A bar for each group of {title.lower()}: the percentage of its people who were linked."
    return ReportTable(
        name=f"linked_by_{breakdown}",
        title=f"Linked, by {title.lower()}",
        label_title=title,
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=_left_out(len(groups) - len(shown)),
        chart=Chart(columns=("linked_percent",), ticks=PERCENT_TICKS, says=f"{said} {_extremes(rows)}"),
    )


def _left_out(groups: int) -> tuple[Paragraph, ...]:
    """What is said in the place of groups of which nothing is told."""
    return (f"Of {groups} more nothing is told ([c]).",) if groups else ()


def _row(label: str, cell: Cell, total: Cell, *, has_rates: bool) -> Row:
    if not has_rates:
        told = [figure(cell["people"], Unit.COUNT), *(figure(None, Unit.PERCENT) for _ in _COLUMNS[1:-1])]
        return Row(label=label, figures=(*told, words("no rates")))
    shares = _shares(cell, total)
    difference = None if shares is None or label == TOTAL else standardised_difference(*shares)
    mine, others = shares or (None, None)
    return Row(
        label=label,
        figures=(
            *(figure(cell[name], column.unit) for name, column in zip(_TOLD, _COLUMNS, strict=False)),
            _computed(None if mine is None else round(100 * mine, 1), cell, Unit.PERCENT),
            _computed(None if others is None else round(100 * others, 1), cell, Unit.PERCENT),
            _computed(None if difference is None else round(difference, 2), cell, Unit.DIFFERENCE),
            words("not compared" if label == TOTAL else _flag(difference)),
        ),
    )


def _shares(cell: Cell, total: Cell) -> tuple[float | None, float | None] | None:
    """The share of the linked, and of the others, that a group is; nothing where a number is withheld."""
    numbers = [each[name].value for each in (cell, total) for name in ("people", "linked")]
    if None in numbers:
        return None
    people, linked, everybody, all_linked = (float(number or 0) for number in numbers)
    return share_in(linked, all_linked), share_in(people - linked, everybody - all_linked)


def _computed(value: float | None, cell: Cell, unit: Unit) -> Figure:
    """A number made of a cell's, or the reason why the cell has none to make it of."""
    withheld = [cell[name] for name in ("people", "linked") if cell[name].status is not CellStatus.SHOWN]
    return figure(withheld[0] if value is None and withheld else value, unit)


def _flag(difference: float | None) -> str:
    if difference is None:
        return "not known"
    return f"over {FLAGGED}" if abs(round(difference, 2)) > FLAGGED else "no"


def _differences(tables: list[ReportTable]) -> Iterator[ReportTable]:
    """All groups of all breakdowns with their differences."""
    place = [column.name for column in _COLUMNS].index("difference")
    rows = [
        Row(label=f"{table.label_title}: {row.label}", figures=row.figures[place:])
        for table in tables
        for row in table.rows
        if row.label != TOTAL
    ]
    if rows:
        flagged = [row.label for row in rows if row.figures[1].text.startswith("over")]
        named = "; ".join(flagged) if flagged else "none"
        yield ReportTable(
            name="differences",
            title="Linked against the others: standardised differences",
            label_title="Group",
            columns=_COLUMNS[place:],
            rows=tuple(rows),
            chart=Chart(
                columns=("difference",),
                ticks=_DIFFERENCE_TICKS,
                lines=(-FLAGGED, FLAGGED),
                says=f"A bar for each group, to either side of nought. Pointed out: {named}."[:2000],
            ),
        )


def _extremes(rows: list[Row]) -> str:
    """The least and the most linked group, in words."""
    told = [(row.figures[2].value, row) for row in rows if row.label != TOTAL]
    known = [(value, row) for value, row in told if value is not None]
    if not known:
        return "No percentage is told."
    least, most = min(known, key=lambda each: each[0])[1], max(known, key=lambda each: each[0])[1]
    return f"Least: {least.label}, {least.figures[2].text} %. Most: {most.label}, {most.figures[2].text} %."
