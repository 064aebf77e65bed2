"""The files of a release with what is said of it: corrected, correcting, or recalled and only remembered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from linkage_engine.contract.controlled_table import ControlledTable
from service.publication.files import published_files
from service.publication.page import Beside, as_bytes, document, paragraph
from service.publication.recipe import citation
from service.publication.released import CHANGES, PAGE
from service.publication.standing import Cell, Standing, State, revised
from service.publication.words import day, in_digits
from service.releases.publication import harmless

REPORT = "How well these data were linked, and for whom"


def announced_files(standing: Standing, reports: Iterable[str] = ()) -> Mapping[str, bytes]:
    """The files of a release by their names: none under embargo, a note alone of one that is recalled.

    `reports` are the releases that tell how well the same data were linked.
    """
    match standing.state:
        case State.EMBARGOED:
            return {}
        case State.RECALLED:
            return {
                PAGE: as_bytes(document(f"Recalled: {standing.released.table.title}", _recalled(standing)))
            }
        case _:
            return _shown(standing, reports)


def _shown(standing: Standing, reports: Iterable[str]) -> Mapping[str, bytes]:
    after, before = standing.released.table, standing.corrects
    cells = frozenset[Cell]() if before is None else revised(before.table, after)
    changes = {} if before is None else {CHANGES: _changes(before.table, after, cells)}
    linkage = tuple(_link(REPORT, each) for each in reports)
    beside = Beside(lines=tuple(_lines(standing)), revised=cells, linkage=linkage)
    return published_files(standing.released, beside=beside, more=changes)


def _recalled(standing: Standing) -> Iterator[str]:
    recall = standing.notice.recall
    assert recall is not None  # the state says so
    yield paragraph(f"This release was recalled on {day(recall.on)}. Do not use its numbers.")
    yield paragraph(recall.note)
    yield from _correction(standing)
    yield paragraph(f"What was published as: {citation(standing.released)}")


def _lines(standing: Standing) -> Iterator[str]:
    """What stands above everything else of a page."""
    notice = standing.notice
    if standing.state is State.CORRECTED:
        yield paragraph("This release was corrected: do not use its numbers any more.")
        yield from (
            _correction(standing) if standing.corrected_by else [paragraph("Its correction was recalled.")]
        )
    if notice.corrects is not None:
        yield paragraph(f"A correction of an earlier release. What changed: {notice.change_note}")
        yield _link("The release that it corrects", notice.corrects)
    if notice.next_update is not None:
        yield paragraph(f"Next update: {day(notice.next_update)}.")
    yield from (_link("See also this release", each) for each in notice.related)


def _correction(standing: Standing) -> Iterator[str]:
    if standing.corrected_by is not None:
        yield _link("The correction", standing.corrected_by)


def _link(words: str, release_id: str) -> str:
    return f'<p><a href="../{release_id}/{PAGE}">{words}: {release_id}</a></p>'


def _changes(before: ControlledTable, after: ControlledTable, cells: frozenset[Cell]) -> bytes:
    """The revised cells as CSV: where, and what was and is said there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*after.dimensions, "measure", "before", "after"])
    was, now = (_digits(table) for table in (before, after))
    writer.writerows(
        [*map(harmless, labels), name, was[labels, name], now[labels, name]] for labels, name in sorted(cells)
    )
    return text.getvalue().encode()


def _digits(table: ControlledTable) -> Mapping[Cell, str]:
    return {
        (row.labels, measure.name): in_digits(value, measure)
        for row in table.rows
        for measure, value in zip(table.measures, row.values, strict=True)
    }
