"""What happens to people: a row for each event of the kinds asked about, by the catalogue's codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from linkage_engine.catalogue.events import CountedEvent, events
from linkage_engine.contract.query_spec import EventKind
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan

PLANNED_FOLLOW_UP = "4"
"""The category of an attendance that is no emergency."""

TOLD = {"op_attendance": "appointment", "gp_event": "entry", "community_contact": "contact"}
"""Data sets where one field tells what a row is, and the names of their lists below."""

EVENTS = """
admission AS (
  SELECT CAST(unnest($admission_kinds) AS VARCHAR) AS kind,
    CAST(unnest($admission_codes) AS VARCHAR) AS method,
    CAST(unnest($admission_classifications) AS VARCHAR) AS classification
),
attendance AS (
  SELECT CAST(unnest($attendance_kinds) AS VARCHAR) AS kind
),
appointment AS (
  SELECT CAST(unnest($appointment_kinds) AS VARCHAR) AS kind,
    CAST(unnest($appointment_codes) AS VARCHAR) AS code
),
entry AS (
  SELECT CAST(unnest($entry_kinds) AS VARCHAR) AS kind, CAST(unnest($entry_codes) AS VARCHAR) AS code
),
contact AS (
  SELECT CAST(unnest($contact_kinds) AS VARCHAR) AS kind, CAST(unnest($contact_codes) AS VARCHAR) AS code
),
care AS (
  SELECT CAST(unnest($care_kinds) AS VARCHAR) AS kind,
    CAST(unnest($care_types) AS VARCHAR) AS event_type,
    CAST(unnest($care_services) AS VARCHAR) AS service_type
),
event AS (
  SELECT link_id, kind, start_date_hospital_provider_spell AS day
  FROM apc_spell
  JOIN admission ON admission.method = admission_method_code
    AND (admission.classification IS NULL OR admission.classification = patient_classification_code)
  UNION ALL
  SELECT link_id, kind, arrival_date AS day
  FROM ecds_attendance
  CROSS JOIN attendance
  WHERE attendance_category IS DISTINCT FROM $planned_follow_up
  UNION ALL
  SELECT link_id, kind, appointment_date AS day
  FROM op_attendance
  JOIN appointment ON appointment.code = attended_or_did_not_attend
  UNION ALL
  SELECT link_id, kind, event_date AS day
  FROM gp_event
  JOIN entry ON entry.code = concept_type
  UNION ALL
  SELECT link_id, kind, care_contact_date AS day
  FROM community_contact
  JOIN contact ON contact.code = attended_or_did_not_attend
  UNION ALL
  SELECT link_id, kind, event_start_date AS day
  FROM asc_cld_event
  JOIN care ON care.event_type = asc_cld_event.event_type
    AND (care.service_type IS NULL OR care.service_type = asc_cld_event.service_type)
),
"""


def counted_events(plan: AroundDiagnosisPlan) -> dict[str, object]:
    """The parameters of `EVENTS`."""
    asked = events().of(plan.kinds)
    stays = [row for event in asked if event.data_set == "apc_spell" for row in _stays(event, plan)]
    care = [
        (event.kind.value, event.event_type, service)
        for event in asked
        if event.data_set == "asc_cld_event"
        for service in event.service_types or (None,)
    ]
    return {
        "admission_kinds": [kind for kind, _, _ in stays],
        "admission_codes": [method for _, method, _ in stays],
        "admission_classifications": [classification for _, _, classification in stays],
        "attendance_kinds": [e.kind.value for e in asked if e.data_set == "ecds_attendance"],
        "care_kinds": [kind for kind, _, _ in care],
        "care_types": [event_type for _, event_type, _ in care],
        "care_services": [service for _, _, service in care],
        "planned_follow_up": PLANNED_FOLLOW_UP,
        **{name: rows for told in TOLD.items() for name, rows in _told(asked, *told)},
    }


def _told(asked: Iterable[CountedEvent], data_set: str, name: str) -> Iterator[tuple[str, list[str]]]:
    """Kinds and codes of a data set where one field tells what a row is."""
    rows = [(event.kind.value, code) for event in asked if event.data_set == data_set for code in event.codes]
    yield f"{name}_kinds", [kind for kind, _ in rows]
    yield f"{name}_codes", [code for _, code in rows]


def _stays(event: CountedEvent, plan: AroundDiagnosisPlan) -> list[tuple[str, str, str | None]]:
    """Kind, admission method and kind of stay, nothing for any: each row is one way to be such an event."""
    is_emergency = event.kind is EventKind.EMERGENCY_ADMISSION
    methods = plan.admission_methods if is_emergency else events().elective_methods
    classifications = event.classifications or (None,)
    return [(event.kind.value, method, stay) for method in methods for stay in classifications]
