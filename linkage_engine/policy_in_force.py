"""The policy that a project is held to: its permit's, and whatever its providers tightened."""

from __future__ import annotations

from linkage_engine.catalogue.policies import policy_text, tightest
from linkage_engine.contract.statements import Tightened
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.strictest import strictest


def policy_in_force(policy: str, tightened: Tightened) -> Policy:
    """The strictest of the named profiles, and with no fewer people than was asked for.

    Raises NotTrusted for a profile that is not shipped, and for profiles that have no strictest.
    """
    named = tightest([policy, *tightened.policies])
    return strictest([Policy.from_json(policy_text(each)) for each in named]).at_least(
        tightened.least_persons
    )
