"""Generated questions of every template around a diagnosis, over generated records, by both engines."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import Statistic
from linkage_engine.contract.query_spec import (
    AroundDiagnosisSpecification,
    Breakdown,
    EventKind,
    SocialCareSpec,
)
from linkage_engine.disclosure.before import before_control
from tests.property.query.test_emergency_sql_is_the_reference import (
    BREAKDOWNS,
    DAYS,
    ENDS,
    FROM,
    STAYS_IN_HOSPITAL,
    TABLES,
)
from tests.property.query.test_emergency_sql_is_the_reference import specs as emergency_specs
from tests.property.query.test_sql_is_the_reference import rows
from tests.spec.drawn import Rows
from tests.spec.drawn_emergency import emergency_agreed, exact
from tests.spec.test_excess_vs_same_age_sex import an_excess_spec
from tests.spec.test_service_use_trajectory import a_trajectory_spec
from tests.spec.test_social_care_response import a_social_care_spec, social_care_agreed

KINDS = st.lists(st.sampled_from(EventKind), min_size=1, max_size=4, unique=True).map(tuple)
STAYS = STAYS_IN_HOSPITAL | {"patient_classification_code": st.sampled_from([None, "1", "2", "3"])}
CARE = {
    "event_start_date": DAYS,
    "event_type": st.sampled_from(["request", "assessment", "service", "review"]),
    "service_type": st.sampled_from([None, "long_term_nursing", "long_term_community"]),
}
KEPT = st.sampled_from([None, "2", "3", "5", "6", "7"])
APPOINTMENTS = {"appointment_date": DAYS, "attended_or_did_not_attend": KEPT}
CONTACTS = {"care_contact_date": DAYS, "attended_or_did_not_attend": KEPT}
ENTRIES = {"event_date": DAYS, "concept_type": st.sampled_from(["consultation", "diagnosis", "review"])}


@st.composite
def cohorts(draw: st.DrawFn) -> dict[str, Any]:
    """Whose diagnosis, and what counts."""
    return {
        "diagnosed_from": FROM,
        "diagnosed_to": draw(st.sampled_from([FROM, date(2020, 1, 20)])),
        "events": draw(KINDS),
        "age_bands": draw(st.sampled_from(["broad", "ten_year"])),
    }


@st.composite
def trajectories(draw: st.DrawFn) -> AroundDiagnosisSpecification:
    others = draw(st.permutations(BREAKDOWNS).flatmap(lambda b: st.integers(0, 2).map(lambda n: b[:n])))
    quarters = {"period": "quarter", "months_before": 0, "months_after": 3}
    months = {"months_before": draw(st.integers(0, 2)), "months_after": draw(st.integers(1, 2))}
    return a_trajectory_spec(
        *draw(st.permutations([Breakdown.PERIOD, *others])),
        **(draw(cohorts()) | draw(st.sampled_from([quarters, months]))),
    )


@st.composite
def excesses(draw: st.DrawFn) -> AroundDiagnosisSpecification:
    breakdowns = draw(st.permutations(BREAKDOWNS).flatmap(lambda b: st.integers(0, 3).map(lambda n: b[:n])))
    start = draw(st.integers(-2, 0))
    window = {"from_month": start, "to_month": draw(st.integers(start + 1, 2))}
    return an_excess_spec(*breakdowns, **(draw(cohorts()) | window))


@st.composite
def records(draw: st.DrawFn) -> dict[str, Rows]:
    return draw(TABLES) | {
        "apc_spell": draw(rows(**STAYS)),
        "asc_cld_event": draw(rows(**CARE)),
        "op_attendance": draw(rows(**APPOINTMENTS)),
        "gp_event": draw(rows(**ENTRIES)),
        "community_contact": draw(rows(**CONTACTS)),
    }


def agree(spec: AroundDiagnosisSpecification, tables: dict[str, Rows], data_end: date) -> None:
    raw, cells, others = emergency_agreed(spec, tables, data_end)
    table = exact(spec, raw)
    for cell, figures in zip(table.cells, before_control(table), strict=True):
        for measure, figure in zip(table.measures, figures, strict=True):
            if measure.statistic is Statistic.EXPECTED:
                assert measure.part is not None
                expected = others.expected(measure.part, cells[cell.labels].days)
                assert figure == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spec=trajectories() | excesses(), tables=records(), data_end=ENDS)
def test_both_engines_agree_on_every_template_around_a_diagnosis(
    spec: AroundDiagnosisSpecification, tables: dict[str, Rows], data_end: date
) -> None:
    agree(spec, tables, data_end)


@st.composite
def responses(draw: st.DrawFn) -> SocialCareSpec:
    breakdowns = draw(st.permutations(BREAKDOWNS).flatmap(lambda b: st.integers(0, 2).map(lambda n: b[:n])))
    kinds = st.lists(
        st.sampled_from([EventKind.CARE_ASSESSMENT, EventKind.CARE_SERVICE, EventKind.CARE_HOME]),
        min_size=1,
        unique=True,
    )
    asked = draw(cohorts()) | {"events": tuple(draw(kinds))}
    return a_social_care_spec(*breakdowns, **asked)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spec=responses(), tables=records(), data_end=ENDS)
def test_both_engines_agree_on_first_events_and_their_incidence(
    spec: SocialCareSpec, tables: dict[str, Rows], data_end: date
) -> None:
    social_care_agreed(spec, tables, data_end)


@pytest.mark.deep
@settings(max_examples=510, suppress_health_check=list(HealthCheck), deadline=None)
@given(spec=trajectories() | excesses() | emergency_specs(), tables=records(), data_end=ENDS)
def test_both_engines_agree_on_five_hundred_questions(
    spec: AroundDiagnosisSpecification, tables: dict[str, Rows], data_end: date
) -> None:
    """Counts and days exactly, expected events to nine figures."""
    agree(spec, tables, data_end)
