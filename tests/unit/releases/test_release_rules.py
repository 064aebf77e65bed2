"""Two people, neither the author: as a table, as a rule, and along every path (threat T19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.permit import Role
from linkage_engine.contract.statements import Verdict
from service.problems.problem import Problem
from service.problems.requests import NotFound
from service.problems.results import AlreadyDecided, DecisionRefused, NotReleased, OwnRequest
from service.releases import rules
from service.releases.rules import TRANSITIONS, ReleaseEvent, ReleaseState, next_state
from tests.factories import Person, a_decision, a_permit, a_person

CLOSED = {ReleaseState.REFUSED, ReleaseState.SIGNED, ReleaseState.FAILED}
PEOPLE = {
    name: a_person(name, role)
    for name, role in {
        "north": Role.PROVIDER,
        "south": Role.PROVIDER,
        "rosalind": Role.RESEARCHER,
        "cheng": Role.OUTPUT_CHECKER,
        "carol": Role.OUTPUT_CHECKER,
    }.items()
}
TWIN: Person = a_person("rosalind-too", Role.OUTPUT_CHECKER, key=PEOPLE["rosalind"].key)
PERMIT = a_permit([*PEOPLE.values(), TWIN])
EVIDENCE = "e" * 64


def test_every_state_and_event_has_its_place_in_the_table() -> None:
    assert {state for state, _ in TRANSITIONS} == set(ReleaseState) - CLOSED
    assert {event for _, event in TRANSITIONS} == set(ReleaseEvent)
    assert set(TRANSITIONS.values()) == set(ReleaseState) - {ReleaseState.AWAITING}
    assert all(next_state(state, event) is None for state in CLOSED for event in ReleaseEvent)


@pytest.mark.parametrize(
    ("verdicts", "event"),
    [
        ([], None),
        ([Verdict.APPROVE], None),
        ([Verdict.REFUSE], ReleaseEvent.REFUSED),
        ([Verdict.APPROVE, Verdict.APPROVE], ReleaseEvent.APPROVED_TWICE),
        ([Verdict.APPROVE, Verdict.REFUSE], ReleaseEvent.REFUSED),
    ],
)
def test_two_approve_or_one_refuses(verdicts: list[Verdict], event: ReleaseEvent | None) -> None:
    assert rules.event_of(verdicts) is event


@pytest.mark.parametrize(
    ("checker", "author", "state", "decided", "problem"),
    [
        ("cheng", "rosalind", ReleaseState.AWAITING, (), None),
        ("cheng", "rosalind", ReleaseState.AWAITING, ("carol",), None),
        ("cheng", "rosalind", ReleaseState.AWAITING, ("cheng",), AlreadyDecided),
        ("cheng", "rosalind", ReleaseState.APPROVED, (), AlreadyDecided),
        ("cheng", "cheng", ReleaseState.AWAITING, (), OwnRequest),
        ("rosalind-too", "rosalind", ReleaseState.AWAITING, (), OwnRequest),
        ("rosalind", "rosalind", ReleaseState.AWAITING, (), NotFound),
        ("north", "rosalind", ReleaseState.AWAITING, (), NotFound),
        ("stranger", "rosalind", ReleaseState.AWAITING, (), NotFound),
        ("cheng", "left-the-project", ReleaseState.AWAITING, (), None),
    ],
)
def test_who_may_decide_when(
    checker: str,
    author: str,
    state: ReleaseState,
    decided: tuple[str, ...],
    problem: type[Problem] | None,
) -> None:
    if problem is None:
        rules.check_may_decide(PERMIT, checker, author, state=state, decided=decided)
    else:
        with pytest.raises(problem):
            rules.check_may_decide(PERMIT, checker, author, state=state, decided=decided)


@given(
    st.lists(
        st.tuples(st.sampled_from([*PEOPLE, TWIN.id, "stranger"]), st.sampled_from(Verdict)), max_size=8
    ),
    st.sampled_from(["rosalind", "cheng", TWIN.id]),
)
def test_no_path_releases_without_two_others(attempts: list[tuple[str, Verdict]], author: str) -> None:
    state, made = ReleaseState.AWAITING, dict[str, Verdict]()
    for checker, verdict in attempts:
        try:
            rules.check_may_decide(PERMIT, checker, author, state=state, decided=made)
        except Problem:
            continue
        made[checker] = verdict
        event = rules.event_of(list(made.values()))
        state = (event and next_state(state, event)) or state
    if state is ReleaseState.APPROVED:
        keys = {PERMIT.party(name).signing_key.x for name in made}  # type: ignore[union-attr]  # all are parties
        assert len(keys) == 2
        assert set(made.values()) == {Verdict.APPROVE}
        assert PERMIT.party(author).signing_key.x not in keys  # type: ignore[union-attr]  # so is the author


@pytest.mark.parametrize("change", ["release_id", "project_id", "checker_id", "evidence_sha256"])
def test_a_decision_is_about_one_release(change: str) -> None:
    about = {
        "release_id": "1" * 32,
        "project_id": "p" * 5,
        "checker_id": "cheng",
        "evidence_sha256": EVIDENCE,
    }
    decision = a_decision("cheng", "1" * 32, EVIDENCE, project_id="p" * 5)
    rules.check_about(decision, **about)
    with pytest.raises(DecisionRefused):
        rules.check_about(decision, **about | {change: "0" * 64})


@pytest.mark.parametrize("state", ReleaseState)
def test_only_signed_releases_leave(state: ReleaseState) -> None:
    if state is ReleaseState.SIGNED:
        rules.check_signed(state)
    else:
        with pytest.raises(NotReleased):
            rules.check_signed(state)


@pytest.mark.parametrize("state", ReleaseState)
def test_researchers_see_the_record_with_the_release_and_decisions_never(state: ReleaseState) -> None:
    assert rules.sees_record(Role.RESEARCHER, state) is (state is ReleaseState.SIGNED)
    assert not rules.sees_decisions(Role.RESEARCHER, state)
    assert rules.sees_record(Role.OUTPUT_CHECKER, state)
    assert rules.sees_decisions(Role.OUTPUT_CHECKER, state) is (state is not ReleaseState.AWAITING)


def test_a_release_awaits_checkers_who_have_not_decided() -> None:
    def awaits(role: Role, state: ReleaseState, decided: set[str]) -> bool:
        return rules.awaits(role, "cheng", state=state, decided=decided)

    assert awaits(Role.OUTPUT_CHECKER, ReleaseState.AWAITING, set())
    assert not awaits(Role.OUTPUT_CHECKER, ReleaseState.AWAITING, {"cheng"})
    assert not awaits(Role.OUTPUT_CHECKER, ReleaseState.APPROVED, set())
    assert not awaits(Role.AUDIT_REVIEWER, ReleaseState.AWAITING, set())
