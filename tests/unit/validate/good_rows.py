from __future__ import annotations

from datetime import date

import pyarrow as pa

from linkage_engine.catalogue.data_sets import KEPT_BACK, DataSet, data_set, kept_back

EXTRACT_DATE = date(2025, 3, 31)
GOOD: dict[str, dict[str, str]] = {
    "cancer_registration": {
        "tumour_id": "T1",
        "diagnosis_date": "2019-05-06",
        "primary_diagnosis_icd10": "C509",
        "stage_best": "2",
        "age_at_diagnosis": "61",
        "vital_status": "A",
        "vital_status_date": "2024-12-31",
    },
    "gp_registration": {
        "gp_practice_code": "F83004",
        "registration_start": "2001-02-03",
        "year_of_birth": "1958",
        "sex": "2",
        "lsoa_code": "E01000001",
    },
    "death": {"date_of_death": "2021-01-02", "underlying_cause_icd10": "C61X"},
    "apc_spell": {
        "hospital_provider_spell_id": "S1",
        "start_date_hospital_provider_spell": "2022-01-02",
        "discharge_date_hospital_provider_spell": "2022-01-09",
        "admission_method_code": "2A",
        "primary_diagnosis_icd10": "C509",
        "secondary_diagnoses_icd10": "I10X;E119",
        "procedure_opcs4": "B274",
    },
    "ecds_attendance": {
        "emergency_care_attendance_id": "A1",
        "arrival_date": "2022-01-02",
        "emergency_care_department_type": "01",
        "diagnosis_snomed": "22298006",
    },
    "asc_cld_event": {
        "event_reference": "E1",
        "la_code": "E08000035",
        "event_type": "service",
        "event_start_date": "2022-01-02",
        "service_type": "long_term_community",
        "service_component": "home_care",
        "submission_timestamp": "2022-04-20T09:30",
        "reporting_period_start": "2021-04-01",
        "reporting_period_end": "2022-03-31",
    },
    "cosd_personalised_care": {
        "personalised_care_record_id": "R1",
        "tumour_id": "T1",
        "organisation_site_identifier": "RXX01",
        "hna_status": "offered_accepted",
        "hna_date": "2019-06-07",
        "treatment_start_date": "2019-06-01",
        "end_of_treatment_summary_date": "2019-12-01",
    },
    "op_attendance": {
        "outpatient_attendance_id": "O1",
        "appointment_date": "2022-01-02",
        "attended_or_did_not_attend": "5",
        "first_attendance_code": "1",
        "treatment_function_code": "800",
    },
    "gp_event": {
        "gp_event_id": "G1",
        "event_date": "2022-01-02",
        "concept_type": "diagnosis",
        "condition": "cancer",
        "code_system": "snomed",
        "code": "363346000",
    },
    "community_contact": {
        "care_contact_id": "C1",
        "care_contact_date": "2022-01-02",
        "team_type": "district_nursing",
        "contact_duration_minutes": "25",
        "attended_or_did_not_attend": "5",
    },
    "qol_response": {
        "invite_date": "2022-01-02",
        "response_date": "2022-01-20",
        "response_mode": "paper",
        "eq_mo": "2",
        "eq_vas": "75",
        "q1": "4",
        "q29": "7",
    },
    "opt_out": {"kind": "ndoo", "valid_from": "2020-01-02"},
}
"""A row of each data set that passes every check."""


def schema_of(name: str) -> DataSet:
    """A data set, also of those that never leave the provider."""
    return kept_back(name) if name in KEPT_BACK else data_set(name)


def an_extract(name: str, *changes: dict[str, str | None]) -> pa.Table:
    """Good rows of a data set, one for each set of changes, with person keys 1, 2, 3..."""
    schema = schema_of(name)
    rows = [
        {"person_key": f"{number:032x}", **GOOD[name], **change}
        for number, change in enumerate(changes, start=1)
    ]
    return pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in schema.columns})
