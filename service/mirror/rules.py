"""When a provider may veto a release."""

from __future__ import annotations

from linkage_engine.contract.statements import Veto
from service.problems.mirror import TooLateToVeto, VetoRefused
from service.releases.rules import ReleaseState

OPEN = frozenset({ReleaseState.AWAITING, ReleaseState.APPROVED})
"""What has not left yet."""


def check_can_be_vetoed(state: ReleaseState) -> None:
    """Raise TooLateToVeto for a release that has left, or that will not."""
    if state not in OPEN:
        raise TooLateToVeto(state=state.value)


def check_veto(veto: Veto, *, release_id: str, project_id: str, provider_id: str) -> None:
    """Raise VetoRefused unless the veto is this provider's, of this release."""
    if (veto.release_id, veto.project_id, veto.provider_id) != (release_id, project_id, provider_id):
        raise VetoRefused
