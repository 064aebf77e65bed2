"""What happened after a backup was made and is not in it: what is to be done again, act by act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from service.audit.vocabulary import Action

AGAIN: Mapping[str, str] = {
    Action.PRINCIPAL_REGISTER: "register those people again",
    Action.KEY_REGISTER: "register those client keys again",
    Action.ENROLMENT_FINISH: "those people enrol again",
    Action.PROJECT_OPEN: "open that permit again",
    Action.PROJECT_AMEND: "open that permit again, each in its turn",
    Action.PROJECT_CLOSE: "open the closing permit again; what was kept of the project is destroyed already",
    Action.LINKAGE_SECRET_RECEIVE: "its lead provider shares the secret again",
    Action.SUBMISSION_RECEIVE: "its provider sends that delivery again, unless it was withdrawn",
    Action.SUBMISSION_WITHDRAW: "destroyed already; its provider withdraws it again for a new certificate",
    Action.WITHDRAWAL_RECEIVE: "its provider withdraws those persons again, before anything is linked",
    Action.LINKAGE_RUN_FINISH: "link again",
    Action.TABLE_CONTROL: "the gate has forgotten it and decides nothing more: close the project, begin anew",
    Action.KEY_ROTATE: "the key of before is in place: rotate again",
}


def to_do_again(acts: Iterable[tuple[str, str | None, int]]) -> Iterator[str]:
    """A line for each kind of act, project by project, that the restored installation does not know."""
    for action, project, count in acts:
        if action in AGAIN:
            where = f" in {project}" if project else ""
            yield f"since the backup, {count} {action}{where}: {AGAIN[action]}"
