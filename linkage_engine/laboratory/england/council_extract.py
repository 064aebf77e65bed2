"""Rows of the council's extract of social care events."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.local_ids import COUNCIL, Row, local_id
from linkage_engine.laboratory.england.people import Person
from linkage_engine.laboratory.england.social_care import CareEvent

# Councils with responsibility for social care, by town and integrated care board (GSS codes).
COUNCILS = {
    ("Leeds", "E54000054"): "E08000035",
    ("Bradford", "E54000054"): "E08000032",
    ("Manchester", "E54000057"): "E08000003",
    ("Oldham", "E54000057"): "E08000004",
    ("Birmingham", "E54000055"): "E08000025",
    ("Newcastle upon Tyne", "E54000050"): "E08000021",
    ("Bristol", "E54000039"): "E06000023",
    ("London", "E54000028"): "E09000019",
    ("London", "E54000030"): "E09000028",
    ("Norwich", "E54000022"): "E10000020",
    ("Exeter", "E54000037"): "E10000008",
    ("Leicester", "E54000015"): "E06000016",
}
REVIEWS = Weighted.of({"Scheduled": 76.0, "Hospital stay": 14.0, "Carer changed": 6.0, "": 4.0})
HOMES = {"residential_home": "Residential home", "nursing_home": "Nursing home"}
DEATH_KNOWN = 0.9


def event_rows(person: Person, events: tuple[CareEvent, ...], copy: Copy, dice: Dice) -> Iterator[Row]:
    """A row of cld_events.csv for each event, with the same identifiers on each."""
    here = person.neighbourhood
    died = f"{person.died:%d/%m/%Y}" if person.died and dice.chance(DEATH_KNOWN) else ""
    unpaid = dice.pick(("Y", "N", ""))
    for number, event in enumerate(events, start=1):
        yield {
            "Person ID": f"LA{local_id(COUNCIL, person.index)}",
            "NHS Number": copy.nhs_number or "",
            "Surname": copy.family_name,
            "Forename": copy.given_name,
            "Middle Name": copy.middle_name or "",
            "Date of Birth": f"{copy.born:%d/%m/%Y}",
            "Gender": {"M": "Male", "F": "Female"}[copy.sex],
            "Address": copy.address.line,
            "Post Code": copy.postcode or "",
            "Council": COUNCILS[here.town, here.icb_code],
            "Event Ref": f"{local_id(COUNCIL, person.index)}-{number}",
            **_event(event, dice),
            "Unpaid Carer": unpaid,
            "Ethnicity": person.ethnic_category,
            "Died": died,
        }


def _event(event: CareEvent, dice: Dice) -> Row:
    kind, component = event.service or ("", "")
    return {
        "Event": event.kind.capitalize(),
        "Start": f"{event.start:%d/%m/%Y}",
        "End": f"{event.end:%d/%m/%Y}" if event.end is not None else "",
        "Client": "Carer" if event.is_carer else "Service user",
        "Support Reason": event.reason,
        "Service": kind,
        "Component": component,
        "Mechanism": _mechanism(component),
        "Assessment": _assessment(event),
        "Route": event.route,
        "Outcome": event.outcome,
        "Review Reason": dice.draw(REVIEWS) if event.kind == "review" else "",
        "Accommodation": HOMES.get(component, "Own home"),
    }


def _mechanism(component: str) -> str:
    if not component:
        return ""
    return "Direct payment" if component == "direct_payment" else "Commissioned"


def _assessment(event: CareEvent) -> str:
    if event.kind != "assessment":
        return ""
    return "Carer" if event.is_carer else "Long term"
