"""The mechanism that a policy names."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.figures import Mechanism
from linkage_engine.disclosure.mechanisms.cell_keys import perturbed
from linkage_engine.disclosure.mechanisms.rounded import rounded
from linkage_engine.disclosure.mechanisms.suppressed import suppressed
from linkage_engine.disclosure.policy import Policy

MECHANISMS: Mapping[str, Mechanism] = {"round": rounded, "suppress": suppressed, "cellkey": perturbed}
"""By their names in `counts.mechanism`."""


def mechanism_of(policy: Policy) -> Mechanism:
    """What makes numbers safe under a policy.

    `QueryRefused(MECHANISM_NOT_AVAILABLE)` for one that is not built, and for counts of anything but persons.
    """
    if policy.unit != "person" or policy.counts.mechanism not in MECHANISMS:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    return MECHANISMS[policy.counts.mechanism]
