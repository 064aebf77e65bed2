"""Queries as a table."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from linkage_engine.contract.limits import Limits
from linkage_engine.contract.permit import Role
from linkage_engine.contract.preflight import off_the_calendar
from linkage_engine.contract.refusals import TOLD_TO_RESEARCHERS, RefusalCode
from service.problems.results import QuotaUsed, SpecificationInvalid
from service.queries.rules import (
    TRANSITIONS,
    WAYS,
    QueryEvent,
    QueryKind,
    QueryState,
    check_in_catalogue,
    check_in_limits,
    check_on_calendar,
    check_quota,
    code_for,
    entered_as,
    next_state,
)
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


REASONS_OF_CONTROL = {
    RefusalCode.CANNOT_PROTECT,
    RefusalCode.HISTORY_OVER_BUDGET,
    RefusalCode.HISTORY_UNDECIDED,
    RefusalCode.HAND_OVER_INVALID,
    RefusalCode.UNFORESEEN,
}
"""Each could follow from what was counted, a fault of ours too."""


@pytest.mark.parametrize("code", RefusalCode)
def test_every_reason_is_told_to_a_researcher_or_is_the_one_that_says_nothing(code: RefusalCode) -> None:
    told = code in TOLD_TO_RESEARCHERS
    assert code_for(Role.RESEARCHER, code.value) == (code.value if told else "not-answered")
    assert not (told and code in REASONS_OF_CONTROL)
    assert {code_for(role, code.value) for role in (Role.OUTPUT_CHECKER, Role.AUDIT_REVIEWER)} == {code.value}


def test_a_reason_that_nobody_thought_of_yet_is_withheld() -> None:
    assert code_for(Role.RESEARCHER, "cohort-too-close") == "not-answered"
    assert code_for(Role.RESEARCHER, None) is None


@pytest.mark.parametrize(
    ("changes", "limits", "pointers"),
    [
        ({}, Limits(), []),
        ({"breakdowns": ("sex", "area")}, Limits(dims=2), []),
        ({"breakdowns": ("sex", "area")}, Limits(dims=1), ["/specification/breakdowns"]),
        ({"tumour_groups": ("lung",)}, Limits(filters=0), ["/specification/parameters"]),
        ({"tumour_groups": ("lung",), "areas": ("E54000008",)}, Limits(filters=2), []),
        (
            {"tumour_groups": ("lung",), "areas": ("E54000008",), "breakdowns": ("area",)},
            Limits(filters=1, dims=0),
            ["/specification/breakdowns", "/specification/parameters"],
        ),
    ],
)
def test_a_question_stays_within_the_limits_of_the_policy(
    changes: dict[str, Any], limits: Limits, pointers: list[str]
) -> None:
    breakdowns = changes.pop("breakdowns", ())
    spec = an_emergency_spec(**changes).model_copy(update={"breakdowns": breakdowns})
    found: list[dict[str, str]] = []
    try:
        check_in_limits(spec, limits)
    except SpecificationInvalid as refusal:
        found = refusal.facts["faults"]  # type: ignore[assignment]  # a list of faults
    assert found == [{"pointer": at, "code": "more-than-the-policy-allows"} for at in pointers]


def test_the_day_of_the_quota_ends_at_midnight_utc_whatever_the_zone() -> None:
    one_past_midnight = datetime(2026, 3, 29, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    check_quota(1, Limits(queries_per_day=2), one_past_midnight)
    with pytest.raises(QuotaUsed) as refused:
        check_quota(2, Limits(queries_per_day=2), one_past_midnight)
    assert refused.value.facts == {"queries_per_day": 2, "retry_after_seconds": 24 * 3600 - 60 + 1}


@pytest.mark.parametrize(
    ("diagnosed_from", "diagnosed_to", "places"),
    [
        (date(2020, 1, 1), date(2020, 12, 31), []),
        (date(2018, 1, 1), date(2021, 12, 31), []),
        (date(2020, 1, 2), date(2020, 12, 31), ["diagnosed_from"]),
        (date(2020, 4, 1), date(2021, 3, 31), ["diagnosed_from", "diagnosed_to"]),
    ],
)
def test_preflights_are_of_whole_years(diagnosed_from: date, diagnosed_to: date, places: list[str]) -> None:
    spec = an_emergency_spec(diagnosed_from=diagnosed_from, diagnosed_to=diagnosed_to)
    assert list(off_the_calendar(spec)) == places
    if not places:
        check_on_calendar(spec)


@pytest.mark.parametrize("kind", QueryKind)
def test_every_kind_of_question_has_its_way_and_its_words_in_the_log(kind: QueryKind) -> None:
    assert [entered_as(kind, act).value for act in ("ask", "answer", "fail", "read")] == [
        f"{kind.value}:{act}" for act in ("ask", "answer", "fail", "read")
    ]
    assert len({way.signed_as for way in WAYS.values()}) == len(QueryKind)
