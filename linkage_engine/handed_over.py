"""What analysis hands to the gate: cells of a query, as disclosure control is given them."""

from __future__ import annotations

import pyarrow as pa
import pydantic

from linkage_engine.catalogue.analysis_templates import analysis_template, planned_measures
from linkage_engine.contract.excluded import PersonsBy
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.reports import LinkageOfDataSets
from linkage_engine.disclosure.cells import Estimate, ExactCell, ExactTable, Fit, Reference
from linkage_engine.disclosure.differential_privacy.span import Structure
from linkage_engine.query.raw_table import RawCell, RawReference, RawTable


def exact_table(handed: pa.Table, asked: QuerySpec) -> ExactTable:
    """What was handed over, as the answer to the question that was asked and no other.

    Anything else is `NotTrusted(HAND_OVER_INVALID)`.
    """
    raw = RawTable.from_arrow(handed)
    if (raw.template, raw.dimensions, raw.parts) != (asked.template, tuple(asked.breakdowns), asked.parts):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    template, others = analysis_template(asked.template), raw.reference
    return ExactTable(
        title=template.title,
        template=template.name,
        dimensions=raw.dimensions,
        measures=planned_measures(asked),
        cells=tuple(map(_cell, raw.cells)),
        reference=None if others is None else _reference(others),
        fit=None if raw.fit is None else Fit(*raw.fit.figures),
    )


def linkage_of(said: bytes | None) -> LinkageOfDataSets | None:
    """What a run told of the data sets asked about; anything else is `NotTrusted(HAND_OVER_INVALID)`."""
    try:
        return None if said is None else LinkageOfDataSets.model_validate_json(said)
    except pydantic.ValidationError:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None


EXCLUDED_AS = pydantic.TypeAdapter(tuple[PersonsBy, ...])
"""Who is not in an answer, as it is handed over."""


def excluded_of(said: bytes | None) -> tuple[PersonsBy, ...]:
    """Who is not in an answer; anything else is `NotTrusted(HAND_OVER_INVALID)`."""
    try:
        return () if said is None else EXCLUDED_AS.validate_json(said)
    except pydantic.ValidationError:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None


def _cell(raw: RawCell) -> ExactCell:
    return ExactCell(
        labels=raw.labels,
        population=raw.population,
        parts=raw.parts,
        events=raw.events,
        days=raw.days,
        applicable=raw.applicable,
        values=raw.values,
        estimates={name: Estimate(*pair) for name, pair in raw.estimates.items()},
    )


def structure_of(asked: QuerySpec) -> Structure:
    """In how many labels of each breakdown of a question one person can be, by the catalogue."""
    template = analysis_template(asked.template)
    return Structure(frozenset(template.one_label), frozenset(template.population_by))


def _reference(raw: RawReference) -> Reference:
    return Reference(sexes=raw.sexes, persons=raw.persons, days=raw.days, events=raw.events)
