"""What of a permit is about to end, and what permits share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from linkage_engine.contract.permit_parts import EndKind
from service.projects.overlaps import Overlap, overlaps
from service.projects.warnings import due
from tests.factories import OUTSIDERS, a_grant, a_permit, accredited, the_people

PEOPLE = [person for name, person in the_people().items() if name not in OUTSIDERS]
END = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("days", "within"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, 7)],
)
def test_an_end_is_told_sixty_thirty_and_seven_days_before(days: int, within: int | None) -> None:
    found = list(due(a_permit(PEOPLE), END - timedelta(days=days)))
    assert [(one.ending.kind, one.days_left, one.within) for one in found] == (
        [] if within is None else [(EndKind.PERMIT, days, within)]
    )


def test_trainings_accreditations_and_grants_end_too() -> None:
    soon: dict[str, Any] = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 3, 20)}
    held = {"reference": "Course 1", **soon}
    parties = tuple(
        accredited(person.party, training=held, accreditation=held)
        if person.id == "rosalind"
        else person.party
        for person in PEOPLE
    )
    data_sets = (a_grant("northern-trust", "death", **soon),)
    found = due(a_permit(PEOPLE, parties=parties, data_sets=data_sets), date(2026, 3, 2))
    assert [(one.ending.kind.value, one.ending.subject) for one in found] == [
        ("accreditation", "rosalind"),
        ("training", "rosalind"),
        ("grant", "northern-trust:death"),
    ]


def test_of_a_closed_project_nothing_ends() -> None:
    assert list(due(a_permit(PEOPLE, closed_on=date(2026, 6, 1)), END)) == []


def test_permits_that_share_persons_or_data_are_found_and_closed_ones_are_not() -> None:
    one = a_permit(PEOPLE)
    same_people = a_permit(PEOPLE, project_id="people", data_sets=())
    same_data = a_permit([], project_id="data", parties=(), data_sets=one.data_sets[:1])
    same_data = same_data.model_copy(update={"data_sets": one.data_sets[:1]})
    neither = a_permit([], project_id="neither", parties=(), data_sets=())
    closed = a_permit(PEOPLE, project_id="closed", closed_on=date(2026, 6, 1))
    assert overlaps(one, (one, same_people, same_data, neither, closed)) == (
        Overlap("data", (), ("northern-trust:cancer_registration",)),
        Overlap("people", ("carol", "cheng", "chidi", "rachel", "rosalind"), ()),
    )
