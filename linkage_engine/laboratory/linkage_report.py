"""The quality report of a linkage in the laboratory: exact numbers, with the truth beside the estimates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.reports import (
    LevelFigures,
    LinkageFigures,
    LinkedProviders,
    NumberedFigures,
    QualityFigures,
)
from linkage_engine.laboratory.linkage import Linked, truth_of
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.scores import Scores, scores_from
from linkage_engine.link.linking import LinkResult, LinkSettings, linked
from linkage_engine.link.quality import false_rate
from linkage_engine.link.threshold import Outcome
from linkage_engine.quality_report.document import (
    Chart,
    Column,
    QualityReport,
    ReportTable,
    Row,
    Section,
    Unit,
    figure,
)
from linkage_engine.quality_report.groups import PERCENT_TICKS
from linkage_engine.quality_report.guild import limits
from linkage_engine.quality_report.linked import tables_of
from linkage_engine.quality_report.page import page
from linkage_engine.quality_report.tidy import tidy_csv

NAME = "linkage-quality"
NOT_FOR_RELEASE = (
    "Exact numbers of data whose truth is known: nothing was controlled, and nothing of this is for release."
)
NO_OVERLAP = "No overlap was seen between the files, so that nobody was linked and no rate is shown."
EVERYTHING = 1
"""Nothing is too few to be told."""
_UNKNOWN = ControlledValue(value=None, status=CellStatus.UNAVAILABLE)
_COLUMNS = (
    Column(name="match_weight", title="Match weight, bits", unit=Unit.BITS),
    Column(name="links", title="Links", unit=Unit.COUNT),
    Column(name="precision", title="Precision, percent", unit=Unit.PERCENT),
    Column(name="estimated_precision", title="Precision by estimate, percent", unit=Unit.PERCENT),
    Column(name="recall", title="Recall, percent", unit=Unit.PERCENT),
)


def linkage_report(found: Linked, a: Records, b: Records, *, profile: LinkageProfile) -> QualityReport:
    """What the service would report of two files, and how right its estimates are."""
    seen = found.seen.threshold.outcome is not Outcome.NO_OVERLAP
    truth = _against_truth(found, a, b)
    sections = [truth] if seen else []
    if found.scored is not None:
        sections.append(_estimates(linked(found.scored, LinkSettings(profile, seed=1))))
    headline = _headline(truth) if seen else NO_OVERLAP
    return QualityReport(
        title=f"Quality of the linkage of two files, profile {profile}",
        summary=(headline, NOT_FOR_RELEASE),
        sections=(*sections, limits()),
    )


def write_report(folder: Path, report: QualityReport) -> None:
    """Write a report into a folder as JSON, CSV and a page; files of an earlier one are overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending, data in (("json", report.to_bytes()), ("csv", tidy_csv(report)), ("html", page(report))):
        (folder / f"{NAME}.{ending}").write_bytes(data)


def _headline(truth: Section) -> str:
    """Of the primary threshold, which is the second row."""
    _, links, precision, _, recall = (each.text for each in truth.tables[0].rows[1].figures)
    return f"Of the true pairs {recall} % were linked, and {precision} % of {links} links are right."


def _against_truth(found: Linked, a: Records, b: Records) -> Section:
    is_true, true = truth_of(found, a, b)
    weight, chosen = found.between().weight[found.single], found.seen.threshold
    cuts = (("Strict", chosen.strict), ("Primary", chosen.match_weight), ("Lenient", chosen.lenient))
    rows = [
        _row(label, at, scores_from(at, weight, is_true[found.single], true=true), found)
        for label, at in cuts
    ]
    table = ReportTable(
        name="truth",
        title="One-to-one links against the truth, at three thresholds",
        label_title="Threshold",
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=("The thresholds were chosen before the truth was looked at.",),
        chart=Chart(
            columns=("precision", "recall"),
            ticks=PERCENT_TICKS,
            says="Two bars for each threshold: precision above, recall below.",
        ),
    )
    return Section(name="truth", title="Against the truth", tables=(table,))


def _row(label: str, at: float, scores: Scores, found: Linked) -> Row:
    right = 1 - false_rate(found.seen.curve, at)
    shares = (scores.precision, right, scores.recall)
    return Row(
        label=label,
        figures=(
            figure(round(at, 2), Unit.BITS),
            figure(scores.found, Unit.COUNT),
            *(figure(round(100 * share, 2), Unit.PERCENT) for share in shares),
        ),
    )


def _estimates(result: LinkResult) -> Section:
    """What the service's report says of two providers, here of two files."""
    pair = LinkedProviders(
        first="first-file",
        second="second-file",
        repeated_first=_UNKNOWN,
        repeated_second=_UNKNOWN,
        figures=_figures(result),
    )
    return Section(
        name="linkage", title="How the records were linked", tables=tuple(tables_of(pair, EVERYTHING))
    )


def _figures(result: LinkResult) -> LinkageFigures:
    figures = result.figures
    a, b = figures.records_a, figures.records_b
    return LinkageFigures(
        records_a=_told(a),
        records_b=_told(b),
        links=_told(figures.links),
        linked_percent_a=_percent(figures.links / a),
        linked_percent_b=_percent(figures.links / b),
        match_weight_threshold=_told(round(figures.match_weight_threshold, 2)),
        false_links_percent_at_most=_percent(figures.estimated_false_link_rate),
        seconds={},
        quality=_quality(result),
    )


def _quality(result: LinkResult) -> QualityFigures:
    found = result.quality
    at = found.levels
    return QualityFigures(
        outcome=found.outcome,
        is_settled=found.is_settled,
        resubmissions=0,
        strict=_level(at.strict, at.links_strict, at.false_rate_strict),
        lenient=_level(at.lenient, at.links_lenient, at.false_rate_lenient),
        pair_weights=tuple(_all_told(found.pair_weights)),
        decoy_weights=tuple(_all_told(found.decoy_weights)),
        unlinkable_a=_told(found.unlinkable_a),
        unlinkable_b=_told(found.unlinkable_b),
        duplicates_a=_told(found.duplicates_a),
        duplicates_b=_told(found.duplicates_b),
        matches_at_least=_told(round(found.matches_at_least)),
        numbered=NumberedFigures(
            pairs=_told(found.numbered_pairs),
            links=_told(found.numbered_links),
            false_links=_told(found.numbered_links - found.numbered_correct),
            missed=_told(max(found.numbered_pairs - found.numbered_correct, 0)),
        ),
    )


def _level(weight: float, links: int, rate: float) -> LevelFigures:
    return LevelFigures(
        match_weight=_told(round(weight, 2)),
        links=_told(links),
        false_links_percent_at_most=_percent(rate),
    )


def _told(number: float) -> ControlledValue:
    return ControlledValue(value=number)


def _all_told(numbers: Iterable[int]) -> Iterable[ControlledValue]:
    return map(_told, numbers)


def _percent(share: float) -> ControlledValue:
    return ControlledValue(value=round(100 * share, 2))
