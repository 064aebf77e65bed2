"""Whatever names people take and whatever they sign, nothing leaves on one person's word or its asker's."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.refusals import NotTrusted
from linkage_engine.contract.statements import APPROVALS_NEEDED, Verdict
from service.problems.problem import Problem
from service.releases.rules import ReleaseEvent, ReleaseState, check_may_decide, event_of, next_state
from service.signed import TextType, sign
from service.worker import trust
from tests.factories import PROJECT, Person, a_decision, a_permit, a_person, accredited

RELEASE, EVIDENCE = "ab" * 16, "e" * 64
CHECKERS = [a_person(f"checker-{number}", Role.OUTPUT_CHECKER) for number in range(5)]
ASKER = a_person("asker", Role.RESEARCHER)
PEOPLE = ("ada", "ben", "asker")
"""Who is behind the names; the last is who asked."""


class Deciding(RuleBasedStateMachine):
    """A release, and checkers of whom several may be one person."""

    permit: Permit
    state = ReleaseState.AWAITING

    @initialize(behind=st.lists(st.sampled_from(PEOPLE), min_size=5, max_size=5))
    def name_people(self, behind: list[str]) -> None:
        self.person = dict(zip((checker.id for checker in CHECKERS), behind, strict=True))
        parties = (accredited(checker.party, person_id=self.person[checker.id]) for checker in CHECKERS)
        self.permit = a_permit([], parties=(ASKER.party, *parties), data_sets=())
        self.approvals: dict[str, str] = {}
        self.signed: list[str] = []

    @rule(checker=st.sampled_from(CHECKERS))
    def approve(self, checker: Person) -> None:
        """Whoever tries signs; the service takes it or not, the gate is shown all the same."""
        decision = a_decision(checker.id, RELEASE, EVIDENCE)
        text = sign(decision, checker.key, TextType.DECISION)
        self.signed.append(text)
        try:
            check_may_decide(
                self.permit, checker.id, ASKER.id, state=self.state, decided=self.approvals.keys()
            )
        except Problem:
            return
        self.approvals[checker.id] = text
        event = event_of([Verdict.APPROVE] * len(self.approvals))
        self.state = next_state(self.state, event) or self.state if event else self.state

    @rule()
    def gate_looks(self) -> None:
        """A gate that is shown every text that was ever signed, whatever the service made of it."""
        try:
            believed = trust.approvals(
                self.signed, self.permit, asked_by=ASKER.id, release_id=RELEASE, evidence_sha256=EVIDENCE
            )
        except NotTrusted:
            return
        assert len({self.person[one.checker_id] for one in believed} - {"asker"}) == len(believed)
        assert len(believed) >= APPROVALS_NEEDED

    @invariant()
    def two_persons_approved_what_is_approved(self) -> None:
        if self.state is ReleaseState.APPROVED:
            people = [self.person[name] for name in self.approvals]
            assert "asker" not in people
            assert len(set(people)) == len(people) >= APPROVALS_NEEDED


TestDeciding = Deciding.TestCase


def test_the_machine_can_approve_at_all() -> None:
    parties = tuple(accredited(checker.party) for checker in CHECKERS)
    permit = a_permit([], parties=(ASKER.party, *parties), data_sets=())
    for number, checker in enumerate(CHECKERS[:2]):
        decided = [one.id for one in CHECKERS[:number]]
        check_may_decide(permit, checker.id, ASKER.id, state=ReleaseState.AWAITING, decided=decided)
    assert event_of([Verdict.APPROVE] * 2) is ReleaseEvent.APPROVED_TWICE
    assert permit.project_id == PROJECT
