"""Asking for a linkage, and what its workers report."""

from __future__ import annotations

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.reports import RunFigures
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.jobs import Job
from service.linkage_runs.records import LinkageRun, LinkageRunSubmission, run_by_id, visible_run
from service.linkage_runs.rules import (
    RunEvent,
    RunState,
    check_can_link,
    check_one_secret,
    next_state,
    told_changes,
)
from service.linkage_secrets.actions import secret_in_force
from service.problems.requests import NotFound
from service.projects.actions import permit_for
from service.submissions.actions import secrets_of
from service.submissions.records import accepted_submissions


def ask_for_run(act: Act, project_id: str, *, in_full: bool = False) -> LinkageRun:
    """Have the accepted delivery of each provider linked; raises NothingToLink, PermitNotLive.

    Without `in_full` only what is new since the last run is weighed, where that will do. Raises
    EarlierLinkageSecret or NoLinkageSecret where they were not all made with the secret in force.
    """
    permit = permit_for(act, project_id, live=True)
    deliveries = accepted_submissions(act.session, project_id)
    check_can_link([delivery.provider_id for delivery in deliveries])
    check_one_secret(secrets_of(deliveries, permit), secret_in_force(act, permit))
    run = LinkageRun(
        id=act.new_id(),
        project_id=project_id,
        asked_by=act.actor,
        asked_at=act.clock(),
        in_full=in_full,
        state=RunState.ASKED,
    )
    act.session.add(run)
    act.session.flush()
    act.session.add_all(
        LinkageRunSubmission(run_id=run.id, submission_id=delivery.id) for delivery in deliveries
    )
    act.enter(
        Action.LINKAGE_RUN_ASK,
        run.id,
        project=project_id,
        count=len(deliveries),
        kind="in-full" if in_full else "as-due",
        linkage_profile=permit.linkage_profile,
        engine=permit.engine,
    )
    act.session.flush()
    act.enqueue(Job.LINK, run.id)
    return run


def read_run(act: Act, run_id: str) -> LinkageRun:
    """Where a run stands, and its figures."""
    assert act.role is not None
    run = visible_run(act.session, run_id, act.actor, act.role)
    if run is None:
        raise NotFound
    act.enter(Action.LINKAGE_RUN_READ, run.id, project=run.project_id)
    return run


def finish_run(act: Act, run_id: str, *, figures: RunFigures, hand_over_sha256: str) -> RunState:
    """The linkage worker has linked and handed the crosswalk over. Doing it again changes nothing."""
    run, changed = _advance(act, run_id, RunEvent.LINKED)
    if changed:
        run.figures = figures.model_dump(mode="json")
        run.hand_over_sha256 = hand_over_sha256
        act.enter(
            Action.LINKAGE_RUN_FINISH,
            run.id,
            project=run.project_id,
            count=len(figures.pairs),
            policy=figures.policy,
            linkage_profile=figures.linkage_profile,
            sealed_sha256=hand_over_sha256,
        )
        changes = told_changes(figures.spine)
        act.enter(
            Action.PERSON_SPINE_CHANGE,
            run.id,
            project=run.project_id,
            outcome=Outcome.DONE,
            **changes,
        )
        act.session.flush()
        act.enqueue(Job.RECEIVE_CROSSWALK, run.id)
    return run.state


def crosswalk_received(act: Act, run_id: str, *, records: int) -> RunState:
    """The analysis worker holds the crosswalk: queries may be asked. Doing it again changes nothing."""
    run, changed = _advance(act, run_id, RunEvent.CROSSWALK_RECEIVED)
    if changed:
        run.records = records
        act.enter(Action.CROSSWALK_RECEIVE, run.id, project=run.project_id, records=records)
    return run.state


def fail_run(act: Act, run_id: str, code: RefusalCode | str) -> RunState:
    """A worker cannot finish the run; the code says why. Doing it again changes nothing."""
    run, changed = _advance(act, run_id, RunEvent.FAILED)
    if changed:
        run.code = str(code)
        act.enter(
            Action.LINKAGE_RUN_FAIL,
            run.id,
            project=run.project_id,
            outcome=Outcome.FAILED,
            code=str(code),
        )
    return run.state


def _advance(act: Act, run_id: str, event: RunEvent) -> tuple[LinkageRun, bool]:
    run = run_by_id(act.session, run_id)
    if run is None:
        raise NotFound
    state = next_state(run.state, event)
    if state is None:
        return run, False
    run.state = state
    run.settled_at = act.clock()
    return run, True
