"""When a provider may veto a release."""

from __future__ import annotations

from linkage_engine.catalogue.policies import is_no_looser
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.statements import Tightening, Veto
from service.problems.mirror import TighteningRefused, TooLateToVeto, VetoRefused
from service.releases.rules import ReleaseState

OPEN = frozenset({ReleaseState.AWAITING, ReleaseState.APPROVED})
"""What has not left yet."""


def check_can_be_vetoed(state: ReleaseState) -> None:
    """Raise TooLateToVeto for a release that has left, or that will not."""
    if state not in OPEN:
        raise TooLateToVeto(state=state.value)


def check_tightening(said: Tightening, permit: Permit, provider_id: str) -> None:
    """Raise TighteningRefused unless it is this provider's, of this project, and tighter than the permit."""
    about = (said.project_id, said.provider_id) == (permit.project_id, provider_id)
    tighter = said.policy != permit.policy or said.least_persons is not None
    if not about or not tighter or not is_no_looser(said.policy, permit.policy):
        raise TighteningRefused


def check_veto(veto: Veto, *, release_id: str, project_id: str, provider_id: str) -> None:
    """Raise VetoRefused unless the veto is this provider's, of this release."""
    if (veto.release_id, veto.project_id, veto.provider_id) != (release_id, project_id, provider_id):
        raise VetoRefused
