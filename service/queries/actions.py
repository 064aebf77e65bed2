"""Asking a question, and what its workers report."""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.data_sets import DATA_SETS
from linkage_engine.catalogue.events import events
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.limits import Limits
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import place_in_text
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.linkage_runs.records import latest_finished_run
from service.problems.problem import faults_of
from service.problems.requests import NotFound
from service.problems.results import NoLinkedData, QuestionRefused, SpecificationInvalid
from service.problems.tools import SignatureRefused
from service.projects.actions import permit_for
from service.projects.rules import limits_for
from service.queries import rules
from service.queries.records import Query, asked_since, query_by_id, query_of_nonce, visible_query
from service.queries.rules import WAYS, QueryEvent, QueryKind, QueryState, entered_as, next_state
from service.signed import TextType, verified_bytes


def ask_query(
    act: Act, project_id: str, question_text: str, kind: QueryKind = QueryKind.QUERY
) -> tuple[Query, bool]:
    """Take a researcher's signed question and have it answered; the query, and whether it is new.

    The same signed text again is the same query. Raises QuestionRefused, SpecificationInvalid,
    OutsideThePermit, PermitNotLive, NoLinkedData, and QuotaUsed: whatever is taken costs, what is refused
    here and what is sent again does not.
    """
    permit = permit_for(act, project_id, live=True)
    question = _question(question_text, permit, act.actor, WAYS[kind].signed_as)
    rules.check_asked_by(question, permit, act.actor)
    digest = hashlib.sha256(question_text.encode()).hexdigest()
    known = query_of_nonce(act.session, act.actor, question.nonce)
    if known is not None:
        if known.question_sha256 != digest:
            raise QuestionRefused
        again = entered_as(kind, "read")
        act.enter(again, known.id, project=project_id, question_sha256=digest, kind="again")
        return known, False
    limits = limits_for(permit)
    rules.check_in_permit(question.specification, permit)
    rules.check_in_limits(question.specification, limits)
    rules.check_in_catalogue(question.specification, known=_catalogue())
    if kind is QueryKind.PREFLIGHT:
        rules.check_on_calendar(question.specification)
    _check_quota(act, project_id, limits)
    return _add(act, question, question_text, digest, kind), True


def _catalogue() -> dict[str, set[str]]:
    """The names that parameters may take."""
    return {
        "tumour_groups": {group.name for group in tumour_groups().groups},
        "age_bands": {banding.name for banding in age_bandings().bandings},
        "areas": {area.code for area in areas().areas},
        "data_set": set(DATA_SETS),
        "linked_to": set(DATA_SETS),
        "admission_methods": {methods.name for methods in events().admission_methods},
    }


def _question(text: str, permit: Permit, caller_id: str, typ: TextType) -> SignedQuestion:
    party = permit.party(caller_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        payload, _ = verified_bytes(text, (party.signing_key,), typ)
        return SignedQuestion.model_validate_json(payload)
    except SignatureRefused:
        raise QuestionRefused from None
    except ValidationError as invalid:
        faults = invalid.errors(include_input=False, include_url=False, include_context=False)
        if all(fault["loc"][:1] == ("specification",) for fault in faults):
            placed = [{**fault, "loc": place_in_text(fault)} for fault in faults]
            raise SpecificationInvalid(faults=faults_of(placed)) from None
        raise QuestionRefused from None


def _check_quota(act: Act, project_id: str, limits: Limits) -> None:
    now = act.clock()
    # The transaction has held the write lock since it began: nobody else counts meanwhile.
    rules.check_quota(asked_since(act.session, project_id, rules.day_begun(now)), limits, now)


def _add(act: Act, question: SignedQuestion, text: str, digest: str, kind: QueryKind) -> Query:
    project_id = question.specification.project_id
    run = latest_finished_run(act.session, project_id)
    if run is None:
        raise NoLinkedData
    query = Query(
        id=act.new_id(),
        kind=kind,
        project_id=project_id,
        asked_by=act.actor,
        asked_at=act.clock(),
        nonce=question.nonce,
        question=text,
        question_sha256=digest,
        specification=question.specification.model_dump(mode="json"),
        linkage_run_id=run.id,
        state=QueryState.ASKED,
    )
    act.session.add(query)
    act.enter(
        entered_as(kind, "ask"),
        query.id,
        project=project_id,
        template=question.specification.template,
        question_sha256=digest,
        linkage_run_id=run.id,
    )
    act.session.flush()
    act.enqueue(WAYS[kind].counted_by, query.id)
    return query


def read_query(act: Act, query_id: str, kind: QueryKind = QueryKind.QUERY) -> Query:
    """Where a query stands, for who asked it, the project's output checkers and audit reviewers."""
    assert act.role is not None
    query = visible_query(act.session, query_id, act.actor, act.role, kind)
    if query is None:
        raise NotFound
    act.enter(entered_as(kind, "read"), query.id, project=query.project_id)
    return query


def answered(act: Act, query_id: str, *, hand_over_sha256: str) -> QueryState:
    """The analysis worker has answered and handed over to the gate. Doing it again changes nothing."""
    query, changed = _advance(act, query_id, QueryEvent.ANSWERED)
    if changed:
        query.hand_over_sha256 = hand_over_sha256
        handed = entered_as(query.kind, "answer")
        act.enter(handed, query.id, project=query.project_id, sealed_sha256=hand_over_sha256)
        act.session.flush()
        act.enqueue(WAYS[query.kind].controlled_by, query.id)
    return query.state


def controlled(act: Act, query_id: str) -> tuple[Query, bool]:
    """The gate has made the answer fit to be checked; the caller enters the release that comes of it."""
    return _advance(act, query_id, QueryEvent.CONTROLLED)


def foreseen(act: Act, query_id: str, told: Preflight) -> QueryState:
    """The gate has foreseen what would be hidden. Doing it again changes nothing, whatever it says then."""
    query, changed = _advance(act, query_id, QueryEvent.CONTROLLED)
    if changed:
        query.figures = told.model_dump(mode="json")
        act.enter(
            Action.PREFLIGHT_FORESEE,
            query.id,
            project=query.project_id,
            cells=told.asked.cells,
            cells_hidden=told.asked.hidden,
        )
    return query.state


def fail_query(act: Act, query_id: str, code: RefusalCode | str) -> QueryState:
    """A worker cannot answer, or the gate will not; the code says why. Doing it again changes nothing."""
    query, changed = _advance(act, query_id, QueryEvent.FAILED)
    if changed:
        query.code = str(code)
        act.enter(
            entered_as(query.kind, "fail"),
            query.id,
            project=query.project_id,
            outcome=Outcome.FAILED,
            code=str(code),
        )
    return query.state


def _advance(act: Act, query_id: str, event: QueryEvent) -> tuple[Query, bool]:
    query = query_by_id(act.session, query_id)
    if query is None:
        raise NotFound
    state = next_state(query.state, event)
    if state is None:
        return query, False
    query.state = state
    query.settled_at = act.clock()
    return query, True
