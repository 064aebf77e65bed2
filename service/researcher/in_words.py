"""A specification in plain words: whom it is about, what is counted, which table it makes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import (
    PersonalisedCareTemplate,
    analysis_template,
    planned_measures,
)
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.events import events
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.query_spec import (
    AdmissionsParameters,
    AroundDiagnosisSpecification,
    Breakdown,
    CareReviewSpec,
    EmergencySpec,
    ExcessSpec,
    PersonalisedCareSpec,
    PrevalenceSpec,
    QualityOfLifeParameters,
    QualityOfLifeSpec,
    QuerySpec,
    RegisterSpec,
    TrajectorySpec,
)
from service.problems.results import SpecificationInvalid

ONE_PERSON = {
    "strict": "Records are one person's by the surest links alone: the lower end of what is open.",
    "lenient": "Records are one person's by more links than are likely right: the upper end of it.",
}
MONTHS_OF = {"month": 1, "quarter": 3}


def in_words(asked: QuerySpec) -> Iterator[str]:
    """Line by line what a question asks; raises SpecificationInvalid for a name that the catalogue lacks."""
    check_names(asked)
    yield f"{analysis_template(asked.template).title}."
    yield from _whom(asked)
    if asked.linkage != "primary":
        yield ONE_PERSON[asked.linkage]
    if isinstance(asked, AroundDiagnosisSpecification):
        titles = ", ".join(each.title.lower() for each in events().of(asked.parameters.events))
        yield f"Counted: {titles}."
        if isinstance(asked.parameters, AdmissionsParameters) and asked.parameters.admission_methods != "all":
            methods = events().methods(asked.parameters.admission_methods)
            yield f"Emergency admissions: {'' if methods is None else methods.title}."
    shown = {breakdown: labels(asked, breakdown) for breakdown in asked.breakdowns}
    by = ", ".join(f"{name.value} ({len(each)} and the total)" for name, each in shown.items())
    if asked.crossed == len(asked.breakdowns):
        yield f"Broken down by: {by or 'nothing'}; {prod(len(each) + 1 for each in shown.values())} cells."
    else:
        yield f"Broken down by each on its own: {by}."
    yield "Columns:"
    yield from (f"  {measure.name}: {measure.title} ({measure.unit})" for measure in planned_measures(asked))


def _whom(asked: QuerySpec) -> Iterator[str]:
    if isinstance(asked, PrevalenceSpec):
        at = asked.parameters
        who = f"People registered and alive on {at.index_date}"
        yield f"{who}, first diagnosed in the {at.lookback_years} years before."
    elif isinstance(asked, RegisterSpec):
        on = asked.parameters
        who = f"People registered and alive on {on.index_date}"
        yield f"{who}: a cancer diagnosed since {on.diagnosed_from} in the registry, on a register, or both."
    elif isinstance(asked, CareReviewSpec):
        end = asked.parameters.last_day
        yield f"People registered and alive on {end}, whom a practice has entered as having cancer."
        yield f"Of {asked.parameters.year}: CAN004 and CAN005 with every reason, and both in plain words."
    elif isinstance(asked, QualityOfLifeSpec):
        yield from _survey(asked.parameters)
    elif isinstance(asked, PersonalisedCareSpec):
        care = asked.parameters
        when = f"from {care.diagnosed_from} to {care.diagnosed_to}"
        yield f"People first diagnosed {when}, alive six months later."
        items = ", ".join(item.value.replace("_", " ") for item in care.items)
        yield f"Asked about: {items}; in time is up to {care.within_days} days after the diagnosis."
    elif isinstance(asked, AroundDiagnosisSpecification):
        of = asked.parameters
        when = f"from {of.diagnosed_from} to {of.diagnosed_to}"
        yield f"People first diagnosed {when}, registered and alive that day."
        yield _when(asked)
    else:
        of_two = asked.parameters
        yield f"People of {of_two.data_set}, looked for in {of_two.linked_to}; ages on {of_two.index_date}."


def _survey(sent: QualityOfLifeParameters) -> Iterator[str]:
    when = f"from {sent.invited_from} to {sent.invited_to}"
    yield f"People with a cancer, alive and 16 or older, whom the survey of quality of life invited {when}."
    yield f"Of those who answered: {', '.join(score.value.replace('_', ' ') for score in sent.scores)}."


def _when(asked: AroundDiagnosisSpecification) -> str:
    if isinstance(asked, EmergencySpec):
        return f"Followed for {asked.parameters.window_days} days from the diagnosis."
    if isinstance(asked, TrajectorySpec):
        of = asked.parameters
        return (
            f"From {of.months_before} months before the diagnosis to {of.months_after} after, by {of.period}."
        )
    if isinstance(asked, ExcessSpec):
        return (
            f"From month {asked.parameters.from_month} to month {asked.parameters.to_month} of the diagnosis."
        )
    return "Followed for 548 days from the diagnosis; the year before it is told apart."


def check_names(asked: QuerySpec) -> None:
    """Raise SpecificationInvalid unless the catalogue has every name that is asked for."""
    known = {
        "tumour_groups": {group.name for group in tumour_groups().groups},
        "areas": {area.code for area in areas().areas},
        "age_bands": {banding.name for banding in age_bandings().bandings},
        "admission_methods": {methods.name for methods in events().admission_methods},
    }
    wrong = [f"/parameters/{name}" for name, names in known.items() if not _said(asked, name) <= names]
    if wrong:
        raise SpecificationInvalid(faults=[{"pointer": at, "code": "not-in-catalogue"} for at in wrong])


def _said(asked: QuerySpec, name: str) -> set[str]:
    """The names that a parameter has; none where the template has no such parameter, or it was left out."""
    said = getattr(asked.parameters, name, None)
    return {said} if isinstance(said, str) else set(said or ())


def labels(asked: QuerySpec, breakdown: Breakdown) -> tuple[str, ...]:
    """The labels of a breakdown, without the total."""
    template, said = analysis_template(asked.template), asked.parameters
    groups, places = (getattr(said, name, None) for name in ("tumour_groups", "areas"))
    banding = age_bandings().named(said.age_bands)
    of_stage = template.stages if isinstance(template, PersonalisedCareTemplate) else ()
    return {
        Breakdown.TUMOUR_GROUP: tuple(
            group.title for group in tumour_groups().groups if groups is None or group.name in groups
        ),
        Breakdown.AREA: tuple(area.label for area in areas().areas if places is None or area.code in places),
        Breakdown.PERIOD: _periods(asked),
        Breakdown.AGE_BAND: tuple(band.label for band in (banding.bands if banding else ())),
        Breakdown.SEX: tuple(sex.label for sex in template.sexes),
        Breakdown.STAGE: tuple(stage.label for stage in of_stage),
        Breakdown.ORGANISATION: tuple(getattr(said, "organisations", None) or ()),
    }.get(breakdown, ())


def _periods(asked: QuerySpec) -> tuple[str, ...]:
    if not isinstance(asked, TrajectorySpec):
        return ()
    of, months = asked.parameters, MONTHS_OF[asked.parameters.period]
    return tuple(map(str, range(-of.months_before // months, of.months_after // months)))
