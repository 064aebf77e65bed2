"""What the linkage worker told of the linkage of two providers, as tables: weights, thresholds, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, log10

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.reports import LinkageFigures, LinkedProviders, QualityFigures
from linkage_engine.contract.thresholds import WEIGHT_EDGES
from linkage_engine.quality_report.document import (
    Chart,
    Column,
    Figure,
    ReportTable,
    Row,
    Unit,
    figure,
)

NOT_RANDOM = (
    "These records are no random part of all: who has a number recorded often has the rest recorded well, so "
    "that others are linked worse than this. The other fields keep the weights that they were given with the "
    "number at hand, and the pairs looked at are those that were looked at with it."
)
LOWER_BOUND = (
    "Pairs that agree on the date of birth and pairs that agree on the postcode are two catches of the same "
    "matches; how many both missed follows if the catches are independent (Chapman 1951). Mistakes come "
    "together, so more were missed than this says: the matches are a lower bound, the recall an upper one."
)
DECOYS = (
    "Pairs within one provider's file are of two people, so they show what chance makes of strangers. "
    "Weights are in bits and are not probabilities."
)
_VALUE = (Column(name="value", title="Value", unit=Unit.COUNT),)


def tables_of(pair: LinkedProviders, effective_threshold: int) -> Iterator[ReportTable]:
    """Every table about two providers; of a run of an earlier version the first alone."""
    names = f"{pair.first} and {pair.second}"
    name = f"{pair.first}_{pair.second}".replace("-", "_")
    quality = pair.figures.quality
    yield _records(pair, name, names)
    if quality is not None:
        yield _thresholds(pair.figures, quality, name, names)
        yield _weights(quality, name, names)
        yield _errors(pair.figures, quality, name, names)
        yield _numbered(quality, name, names, effective_threshold)


def _records(pair: LinkedProviders, name: str, names: str) -> ReportTable:
    figures, quality = pair.figures, pair.figures.quality
    rows = [
        ("Records", Unit.COUNT, figures.records_a, figures.records_b),
        ("Linked, percent", Unit.PERCENT, figures.linked_percent_a, figures.linked_percent_b),
        ("People with more than one record", Unit.COUNT, pair.repeated_first, pair.repeated_second),
    ]
    if quality is not None:
        short = (quality.unlinkable_a, quality.unlinkable_b)
        shares = (share_of(short[0], figures.records_a), share_of(short[1], figures.records_b))
        rows += [
            ("Pairs taken for one person's", Unit.COUNT, quality.duplicates_a, quality.duplicates_b),
            ("Records with too little in them to be linked", Unit.COUNT, *short),
            ("The same, percent of the records", Unit.PERCENT, *shares),
        ]
    columns = tuple(
        Column(name=side, title=provider, unit=Unit.COUNT)
        for side, provider in (("first", pair.first), ("second", pair.second))
    )
    return ReportTable(
        name=f"records_{name}",
        title=f"Records: {names}",
        label_title="Of the records",
        columns=columns,
        rows=tuple(
            Row(label=label, figures=(figure(a, unit), figure(b, unit))) for label, unit, a, b in rows
        ),
        notes=(
            "Too little: even a record that agreed with everything in it would stay under the threshold.",
        ),
    )


def _thresholds(figures: LinkageFigures, quality: QualityFigures, name: str, names: str) -> ReportTable:
    strict, lenient = quality.strict, quality.lenient
    primary = (figures.match_weight_threshold, figures.links, figures.false_links_percent_at_most)
    cuts = (
        ("Strict", strict.match_weight, strict.links, strict.false_links_percent_at_most),
        ("Primary", *primary),
        ("Lenient", lenient.match_weight, lenient.links, lenient.false_links_percent_at_most),
    )
    columns = (
        Column(name="match_weight", title="Match weight, bits", unit=Unit.BITS),
        Column(name="links", title="Links", unit=Unit.COUNT),
        Column(name="false_at_most", title="False by estimate, percent at most", unit=Unit.PERCENT),
    )
    rows = tuple(
        Row(
            label=label,
            figures=(
                figure(weight, Unit.BITS),
                figure(links, Unit.COUNT),
                figure(false, Unit.PERCENT),
            ),
        )
        for label, weight, links, false in cuts
    )
    return ReportTable(
        name=f"thresholds_{name}",
        title=f"Links at three thresholds: {names}",
        label_title="Threshold",
        columns=columns,
        rows=rows,
        chart=Chart(
            columns=("links",),
            ticks=scale([row.figures[1] for row in rows]),
            says="A bar for each threshold: how many links it makes.",
        ),
    )


def _weights(quality: QualityFigures, name: str, names: str) -> ReportTable:
    columns = (
        Column(name="pairs", title="Best pairs between the two", unit=Unit.COUNT),
        Column(name="decoys", title="Best pairs within one", unit=Unit.COUNT),
    )
    rows = tuple(
        Row(label=label, figures=(figure(pairs, Unit.COUNT), figure(decoys, Unit.COUNT)))
        for label, pairs, decoys in zip(
            weight_labels(), quality.pair_weights, quality.decoy_weights, strict=True
        )
    )
    return ReportTable(
        name=f"weights_{name}",
        title=f"Match weights: {names}",
        label_title="Match weight, bits",
        columns=columns,
        rows=rows,
        notes=(DECOYS,),
        chart=Chart(
            columns=("pairs", "decoys"),
            ticks=scale([each for row in rows for each in row.figures]),
            says="Two bars for each band of weights: best pairs between the two providers above, best pairs "
            "within one below. The fewer weights have both, the better links and strangers are told apart.",
        ),
    )


def _errors(figures: LinkageFigures, quality: QualityFigures, name: str, names: str) -> ReportTable:
    recall = share_of(figures.links, quality.matches_at_least)
    rows = (
        ("Precision, percent at least", _rest(figures.false_links_percent_at_most), Unit.PERCENT),
        ("Matches there are at least", quality.matches_at_least, Unit.COUNT),
        ("Recall, percent at most", recall, Unit.PERCENT),
    )
    return _of_values(f"errors_{name}", f"Estimated errors: {names}", "Estimate", rows, notes=(LOWER_BOUND,))


def _numbered(quality: QualityFigures, name: str, names: str, effective_threshold: int) -> ReportTable:
    known = quality.numbered
    rows = (
        ("Numbers that both have", known.pairs, Unit.COUNT),
        ("Links between records with a number", known.links, Unit.COUNT),
        ("Of them false", known.false_links, Unit.COUNT),
        ("Pairs of one number that were missed", known.missed, Unit.COUNT),
        (
            "Precision, percent at least, but for rounding",
            _without(known.false_links, known.links, effective_threshold),
            Unit.PERCENT,
        ),
        (
            "Recall, percent at least, but for rounding",
            _without(known.missed, known.pairs, effective_threshold),
            Unit.PERCENT,
        ),
    )
    return _of_values(
        f"numbered_{name}",
        f"Records with an NHS number, linked without it: {names}",
        "Figure",
        rows,
        notes=(NOT_RANDOM,),
    )


def _of_values(
    name: str,
    title: str,
    label_title: str,
    rows: Sequence[tuple[str, ControlledValue, Unit]],
    *,
    notes: tuple[str, ...],
) -> ReportTable:
    return ReportTable(
        name=name,
        title=title,
        label_title=label_title,
        columns=_VALUE,
        rows=tuple(Row(label=label, figures=(figure(value, unit),)) for label, value, unit in rows),
        notes=notes,
    )


def weight_labels() -> tuple[str, ...]:
    """The bands of match weights in words, from the lightest on."""
    between = (f"{low:g} to {high:g}" for low, high in pairwise(WEIGHT_EDGES))
    return (f"under {WEIGHT_EDGES[0]:g}", *between, f"{WEIGHT_EDGES[-1]:g} or more")


def share_of(part: ControlledValue, whole: ControlledValue) -> ControlledValue:
    """A percentage of told numbers, or the mark of the one that is withheld."""
    for value in (part, whole):
        if value.value is None:
            return value
    if not part.value or not whole.value:
        return ControlledValue(value=None, status=CellStatus.UNAVAILABLE)
    return ControlledValue(value=round(min(100 * part.value / whole.value, 100.0), 1))


def _rest(percent: ControlledValue) -> ControlledValue:
    return percent if percent.value is None else ControlledValue(value=round(100 - percent.value, 1))


def _without(part: ControlledValue, whole: ControlledValue, effective_threshold: int) -> ControlledValue:
    """The percentage without a part, of which few may be as many as are just not told."""
    if part.status is CellStatus.LOW:
        part = ControlledValue(value=effective_threshold - 1)
    return _rest(share_of(part, whole))


def scale(figures: Sequence[Figure]) -> tuple[float, ...]:
    """Five ticks from nought to a round number that is no less than any figure."""
    most = max((each.value for each in figures if each.value is not None), default=0.0)
    if most <= 0:
        return (0.0, 1.0)
    step = 10 ** max(ceil(log10(most)) - 1, 0)
    end = ceil(most / step) * step
    return tuple(end * part / 4 for part in range(5))
