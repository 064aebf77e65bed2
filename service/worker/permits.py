"""The permit of a project as a worker believes it: signed back to the first, and never one from before.

Each worker notes in its own folder which permit it believed last. A database that was set back,
or another history of permits, is found out by that note.
"""

from __future__ import annotations

from pathlib import Path

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.value import Sha256, Value
from service.act import Act
from service.problems.projects import PermitRefused
from service.projects.amendments import chain_of
from service.projects.records import permit_of_digest, project_by_id
from service.worker import trust
from service.worker.notes import read_note, write_note
from service.worker.roles import Surroundings


class Note(Value):
    """Which permit of a project was believed last."""

    permit_sha256: Sha256


def permit_of(act: Act, surroundings: Surroundings, project_id: str, *, live: bool) -> Permit:
    """The permit of a project, if governance signed it and all before it; raises NotTrusted.

    With `live` the permit and its grants have to be in force today.
    """
    project = project_by_id(act.session, project_id)
    if project is None:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
    today = surroundings.clock().date() if live else None
    permit = trust.permit(project.permit, surroundings.pins, project_id, today=None)
    try:
        chain = chain_of(
            project.permit,
            surroundings.pins.governance_key,
            lambda digest: permit_of_digest(act.session, project_id, digest),
        )
    except PermitRefused:
        raise NotTrusted(RefusalCode.SIGNATURE_INVALID) from None
    _remember(surroundings.permits, project_id, chain)
    trust.check_in_force(permit, today)
    return permit


def _remember(folder: Path, project_id: str, chain: tuple[str, ...]) -> None:
    """Note the newest of a chain; raises NotTrusted unless what was noted before is part of it."""
    path = folder / f"{project_id}.json"
    known, newest = read_note(path, Note), Note(permit_sha256=chain[-1])
    if known == newest:
        return
    if known is not None and known.permit_sha256 not in chain:
        raise NotTrusted(RefusalCode.PERMIT_OUTDATED)
    write_note(path, newest)
