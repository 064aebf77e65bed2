"""What was sealed to a key, or signed with it, and has not been opened: it needs the key that leaves."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage_engine.contract.manifest import Zone
from service.linkage_runs.records import LinkageRun
from service.linkage_runs.rules import RunState
from service.operate.rotation.key_pairs import HAND_OVER, UNSEALING
from service.queries.records import Query
from service.queries.rules import QueryState
from service.submissions.records import Submission, SubmissionPart
from service.submissions.rules import PartState
from service.withdrawals.records import Withdrawal


def needed(session: Session, kind: str, role: str) -> tuple[str, ...]:
    """Each thing by what it is, its id and, where somebody has to send it again, whose it is."""
    if kind == UNSEALING:
        return (*sent(session, role), *_handed_to(session, role))
    if kind == HAND_OVER:
        return tuple(_handed_to(session, {"linkage": "analysis", "analysis": "gate"}[role]))
    return ()


def sent(session: Session, role: str) -> Iterator[str]:
    """What providers sealed to a worker that has not opened it: without its key it has to be sent again."""
    if role not in {zone.value for zone in Zone}:
        return
    waiting = (
        sa.select(Submission.provider_id, Submission.id)
        .join(SubmissionPart, SubmissionPart.submission_id == Submission.id)
        .where(
            SubmissionPart.zone == role,
            SubmissionPart.state == PartState.WAITING,
            Submission.withdrawn_at.is_(None),
        )
        .distinct()
        .order_by(Submission.provider_id, Submission.id)
    )
    for provider, submission in session.execute(waiting):
        yield f"delivery {submission} of {provider}"
    kept = {"linkage": Withdrawal.linkage_kept, "analysis": Withdrawal.analysis_kept}[role]
    taken = sa.select(Withdrawal.provider_id, Withdrawal.id).where(sa.not_(kept), Withdrawal.code.is_(None))
    for provider, withdrawal in session.execute(taken.order_by(Withdrawal.id)):
        yield f"withdrawal {withdrawal} of {provider}"


def _handed_to(session: Session, role: str) -> Iterator[str]:
    """What another worker sealed to this one: it is made again by asking again."""
    if role == "analysis":
        runs = sa.select(LinkageRun.id).where(LinkageRun.state == RunState.LINKED).order_by(LinkageRun.id)
        yield from (f"linkage run {run}" for run in session.scalars(runs))
    if role == "gate":
        asked = sa.select(Query.id).where(Query.state == QueryState.ANSWERED).order_by(Query.id)
        yield from (f"question {query}" for query in session.scalars(asked))
