"""Rows of the registry's file of the quality of life survey, which it sends for the survey's owner."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.laboratory.england.local_ids import REGISTRY, Row, local_id
from linkage_engine.laboratory.england.people import Person
from linkage_engine.laboratory.england.survey import DIMENSIONS, ITEMS, Survey

ANSWERS = (*DIMENSIONS, "eq_vas", *ITEMS)


def survey_rows(person: Person, sent: Survey | None) -> Iterator[Row]:
    """A row of surveys.csv for the invitation of a person; nothing for who was not invited."""
    if sent is None:
        return
    given = dict(sent.answers)
    yield {
        "PATIENTID": local_id(REGISTRY, person.index),
        "INVITED": f"{sent.invited:%d/%m/%Y}",
        "RECEIVED": "" if sent.answered is None else f"{sent.answered:%d/%m/%Y}",
        "MODE": {"online": "O", "paper": "P", "": ""}[sent.mode],
        "LINK_CONSENT": "" if sent.answered is None else "Y" if sent.consents else "N",
        **{name.upper(): str(given.get(name, "")) for name in ANSWERS},
    }
