"""The five DuckDB statements that answer a question about people around their diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.query.around_diagnosis.cases import CASES, DAYS, HAPPENED, PEOPLE, PRESENT, cases
from linkage_engine.query.around_diagnosis.comparators import COMPARATORS, comparators
from linkage_engine.query.around_diagnosis.events import EVENTS, counted_events
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan
from linkage_engine.query.around_diagnosis.time_at_risk import TIME_AT_RISK, time_at_risk
from linkage_engine.query.prevalence_sql import INPUTS as PERSONS
from linkage_engine.query.sql import LISTS, Statement, lists

INPUTS: Mapping[str, pa.Schema] = {
    **PERSONS,
    "gp_registration": PERSONS["gp_registration"].append(pa.field("icb_code", pa.string())),
    "apc_spell": pa.schema(
        {
            "link_id": pa.string(),
            "start_date_hospital_provider_spell": pa.date32(),
            "admission_method_code": pa.string(),
            "patient_classification_code": pa.string(),
        }
    ),
    "ecds_attendance": pa.schema(
        {"link_id": pa.string(), "arrival_date": pa.date32(), "attendance_category": pa.string()}
    ),
    "op_attendance": pa.schema(
        {
            "link_id": pa.string(),
            "appointment_date": pa.date32(),
            "attended_or_did_not_attend": pa.string(),
        }
    ),
    "gp_event": pa.schema({"link_id": pa.string(), "event_date": pa.date32(), "concept_type": pa.string()}),
    "community_contact": pa.schema(
        {
            "link_id": pa.string(),
            "care_contact_date": pa.date32(),
            "attended_or_did_not_attend": pa.string(),
        }
    ),
    "asc_cld_event": pa.schema(
        {
            "link_id": pa.string(),
            "event_type": pa.string(),
            "event_start_date": pa.date32(),
            "service_type": pa.string(),
        }
    ),
}
"""The only tables that the statements read, and their columns."""


@dataclass(frozen=True)
class Statements:
    """What is asked of the database, one after the other.

    Cells are `tumour_group, sex, age_band, area` (null: the margin), and `period` where people are counted
    in periods: every margin is there, asked for or not, but no empty cell.
    """

    people: Statement
    """By cell: lists of persons."""
    present: Statement
    """By cell and period: lists of persons with a day at risk."""
    happened: Statement
    """By cell, period and `kind`: lists of persons and sums of events."""
    days: Statement
    """By cell, period, `stratum_sex` and `stratum_age`: days at risk."""
    others: Statement
    """By `stratum_sex`, `stratum_age` and `kind` (null: no event): persons, days and events of the others."""


def statements(plan: AroundDiagnosisPlan) -> Statements:
    """The statements that answer a plan: the same texts whatever is asked."""
    before = LISTS + TIME_AT_RISK
    own = lists(plan) | time_at_risk(plan)
    about, happenings = own | cases(plan), counted_events(plan)
    return Statements(
        people=Statement(before + CASES + PEOPLE, about),
        present=Statement(before + CASES + PRESENT, about),
        happened=Statement(before + EVENTS + CASES + HAPPENED, about | happenings),
        days=Statement(before + CASES + DAYS, about),
        others=Statement(before + EVENTS + COMPARATORS, own | happenings | comparators(plan)),
    )
