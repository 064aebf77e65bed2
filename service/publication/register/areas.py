"""My area, my cancer: of each area what every current release says of it, beside all areas together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from linkage_engine.catalogue.areas import areas
from linkage_engine.contract.controlled_table import TOTAL, ControlledRow, ControlledValue, Measure
from linkage_engine.contract.query_spec import Breakdown
from service.publication.page import as_bytes, bullets, data_table, document, links, paragraph
from service.publication.released import PAGE, Released
from service.publication.standing import Standing, State
from service.publication.words import day, heading, in_digits, question_in_words

AREA, CANCER = Breakdown.AREA.value, Breakdown.TUMOUR_GROUP.value
FOLDER = "areas"
CODED = re.compile(r"[A-Z][0-9]{8} ")
"""How an area's label begins; the total's does not."""
LOWER, UPPER = "_lower", "_upper"
HEADS = ("Here", "Likely range", "All areas", "Against all areas")
CAUTION = (
    "An area is where the practice is at which people are registered, not where they are treated.",
    "Areas differ in how old, how ill and how poor their people are.",
    "Numbers against people of the same age and sex are fairer: they take out age and sex alone.",
    "Where a likely range is given, chance alone moves a number about within it.",
    "Of a range that holds the number of all areas no difference is told.",
    "Of many areas some lie outside their range by chance. One number outside is a reason to ask, no answer.",
    "Numbers are rounded, and small ones are not shown, so that nobody can be recognised.",
    "Shorthand in brackets stands in their place; the page of each release explains it.",
)
NO_DIFFERENCE, HIGHER, LOWER_THERE = "no clear difference", "higher", "lower"


@dataclass(frozen=True)
class OfArea:
    """What one release says of one area."""

    standing: Standing
    rows: tuple[ControlledRow, ...]
    """The area's, and of other breakdowns the totals."""
    everywhere: tuple[ControlledRow, ...]
    """Those of all areas together, in the same order."""


def by_area(stands: Iterable[Standing]) -> dict[str, tuple[OfArea, ...]]:
    """By an area's label what is said of it, the newest release first; only releases that are current."""
    current = [s for s in stands if s.state is State.CURRENT and AREA in s.released.table.dimensions]
    current.sort(key=lambda standing: standing.released.statement.released_at, reverse=True)
    found: dict[str, list[OfArea]] = {}
    for standing in current:
        for label, said in _of_release(standing):
            found.setdefault(label, []).append(said)
    return {label: tuple(said) for label, said in sorted(found.items())}


def _of_release(standing: Standing) -> Iterator[tuple[str, OfArea]]:
    table = standing.released.table
    at = table.dimensions.index(AREA)
    cancers = table.dimensions.index(CANCER) if CANCER in table.dimensions else None
    rows = [
        row
        for row in table.rows
        if all(label == TOTAL for place, label in enumerate(row.labels) if place not in {at, cancers})
    ]
    rows.sort(key=lambda row: cancers is not None and row.labels[cancers] != TOTAL)
    labels = dict.fromkeys(row.labels[at] for row in rows if CODED.match(row.labels[at]))
    everywhere = tuple(row for row in rows if row.labels[at] == TOTAL)
    for label in labels:
        yield label, OfArea(standing, tuple(row for row in rows if row.labels[at] == label), everywhere)


def area_pages(stands: Iterable[Standing]) -> dict[str, bytes]:
    """A page for each area that a current release tells of, and one that lists them; else none."""
    found = by_area(stands)
    if not found:
        return {}
    pages = {f"{FOLDER}/{folder_of(label)}/{PAGE}": _page(label, said) for label, said in found.items()}
    return {f"{FOLDER}/{PAGE}": as_bytes(document("My area, my cancer", _index(found))), **pages}


def folder_of(label: str) -> str:
    """Where an area's page is: its code, which is the first word of its label."""
    return label.partition(" ")[0]


def name_of(label: str) -> str:
    """An area's name, without its code."""
    return label.partition(" ")[2]


def _index(found: Iterable[str]) -> Iterator[str]:
    yield '<p class="summary">What has been published of each area, beside all areas together.</p>'
    yield from links((f"{folder_of(label)}/{PAGE}", name_of(label)) for label in sorted(found, key=name_of))
    yield f'<p><a href="../{PAGE}">The whole register</a></p>'


def _page(label: str, said: tuple[OfArea, ...]) -> bytes:
    return as_bytes(document(f"Cancer in {name_of(label)}", _main(label, said)))


def _main(label: str, said: tuple[OfArea, ...]) -> Iterator[str]:
    yield f'<p class="summary">What current releases say of {escape(label)}, beside all areas.</p>'
    if areas().coded(folder_of(label)) is None:
        yield paragraph(
            f"This area is none of those of {areas().version.removeprefix('icb-')}: its boundary or its code "
            "changed since. Its numbers are those of the area as it was."
        )
    yield "<h2>Read with care</h2>"
    yield from bullets(CAUTION)
    for each in said:
        yield from _release(each)
    yield f'<p><a href="../{PAGE}">Other areas</a></p>'


def _release(said: OfArea) -> Iterator[str]:
    released = said.standing.released
    yield f"<h2>{escape(released.table.title)}</h2>"
    yield paragraph(" ".join(question_in_words(released)))
    yield from data_table(
        f"{released.table.title}, released {day(released.statement.released_at)}",
        (heading(CANCER), "What"),
        HEADS,
        _rows(said),
    )
    yield from links(
        [(f"../../releases/{said.standing.id}/{PAGE}", "The whole release, with its method and notes")]
    )


def _rows(said: OfArea) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    released = said.standing.released
    for here, everywhere in zip(said.rows, said.everywhere, strict=True):
        cancer = dict(zip(released.table.dimensions, here.labels, strict=True)).get(CANCER, TOTAL)
        shown = "All cancers" if cancer == TOTAL else cancer
        for place, measure in enumerate(released.table.measures):
            if not measure.name.endswith((LOWER, UPPER)):
                limits = _limits(released, here, measure)
                told = _against(limits, everywhere.values[place])
                of_all = in_digits(everywhere.values[place], measure)
                is_told = all(value.value is not None for _, value in limits)
                likely = " to ".join(in_digits(value, limit) for limit, value in limits) if is_told else ""
                yield (shown, measure.title), (in_digits(here.values[place], measure), likely, of_all, told)


def _limits(
    released: Released, row: ControlledRow, measure: Measure
) -> tuple[tuple[Measure, ControlledValue], ...]:
    held = {m.name: (m, value) for m, value in zip(released.table.measures, row.values, strict=True)}
    return tuple(held[measure.name + end] for end in (LOWER, UPPER) if measure.name + end in held)


def _against(limits: tuple[tuple[Measure, ControlledValue], ...], of_all: ControlledValue) -> str:
    """Whether the number of all areas lies within the likely range of one; nothing where one is not shown."""
    lower, upper = (value.value for _, value in limits) if limits else (None, None)
    if lower is None or upper is None or of_all.value is None:
        return ""
    if of_all.value < lower:
        return HIGHER
    return LOWER_THERE if of_all.value > upper else NO_DIFFERENCE
