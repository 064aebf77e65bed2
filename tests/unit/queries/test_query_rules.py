"""Queries as a table."""

from __future__ import annotations

from typing import Any

import pytest

from service.problems.results import SpecificationInvalid
from service.queries.rules import TRANSITIONS, QueryEvent, QueryState, check_in_catalogue, next_state
from tests.spec.drawn_emergency import an_emergency_spec

ENDS = {QueryState.CONTROLLED, QueryState.FAILED}


def test_every_state_and_event_has_its_place_in_the_table() -> None:
    assert {state for state, _ in TRANSITIONS} == set(QueryState) - ENDS
    assert {event for _, event in TRANSITIONS} == set(QueryEvent)
    assert set(TRANSITIONS.values()) == set(QueryState) - {QueryState.ASKED}
    assert all(next_state(state, event) is None for state in ENDS for event in QueryEvent)


def test_no_query_is_controlled_before_it_is_answered() -> None:
    assert next_state(QueryState.ASKED, QueryEvent.CONTROLLED) is None


KNOWN = {
    "tumour_groups": {"breast"},
    "age_bands": {"broad"},
    "areas": {"E54000008"},
    "admission_methods": {"all"},
}


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        ({}, []),
        ({"areas": ("E54000008",), "tumour_groups": ("breast",)}, []),
        ({"areas": ("E54000008", "E54000001")}, [("areas/1", "not-in-catalogue")]),
        ({"areas": ("E54000008", "E54000008")}, [("areas", "same-name-twice")]),
        ({"admission_methods": "none"}, [("admission_methods", "not-in-catalogue")]),
        (
            {"tumour_groups": ("lung",), "age_bands": "odd"},
            [("tumour_groups/0", "not-in-catalogue"), ("age_bands", "not-in-catalogue")],
        ),
    ],
)
def test_every_name_of_a_question_is_one_of_the_catalogue(
    parameters: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    spec = an_emergency_spec(**parameters)
    found: list[tuple[str, str]] = []
    try:
        check_in_catalogue(spec, known=KNOWN)
    except SpecificationInvalid as refusal:
        told = refusal.facts["faults"]
        assert isinstance(told, list)
        found = [(fault["pointer"], fault["code"]) for fault in told]
    assert found == [(f"/specification/parameters/{place}", code) for place, code in faults]
