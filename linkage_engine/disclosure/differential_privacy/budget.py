"""The privacy budget of a project: what each question took of it, and the receipt for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Annotated

from pydantic import Field

from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.value import RandomId, Sha256, Value
from linkage_engine.disclosure.policy_parts import DifferentialPrivacy

MILLION = 1_000_000


class Spending(Value):
    """One line of the ledger: so much of epsilon was taken for one release, in millionths."""

    release_id: RandomId
    specification_sha256: Sha256
    epsilon_millionths: Annotated[int, Field(gt=0)]


@dataclass(frozen=True)
class Receipt:
    """That the budget of one release is spent and cannot be spent again; made after it was written down."""

    specification_sha256: str
    epsilon_millionths: int
    spent_millionths: int
    """Of the project, with this one."""

    @property
    def epsilon(self) -> float:
        """The loss of privacy that the noise is drawn for."""
        return self.epsilon_millionths / MILLION


def charged(
    ledger: Sequence[Spending], dp: DifferentialPrivacy, *, release_id: str, specification_sha256: str
) -> tuple[Spending, ...]:
    """The ledger with what one question costs under a policy; a release that stands in it costs no more.

    Epsilons of questions add up (sequential composition: Dwork and Roth, The Algorithmic Foundations of
    Differential Privacy, 2014, theorem 3.14), in whole millionths. `QueryRefused(PRIVACY_BUDGET_EXHAUSTED)`
    where they would exceed the policy's total, and another question under the same release is
    `NotTrusted(HAND_OVER_INVALID)`.
    """
    before = [each for each in ledger if each.release_id == release_id]
    if before:
        if before[0].specification_sha256 != specification_sha256:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        return tuple(ledger)
    cost, total = ceil(_millionths(dp.epsilon_per_question)), floor(_millionths(dp.epsilon_total))
    if spent(ledger) + cost > total:
        raise QueryRefused(RefusalCode.PRIVACY_BUDGET_EXHAUSTED)
    line = Spending(release_id=release_id, specification_sha256=specification_sha256, epsilon_millionths=cost)
    return (*ledger, line)


def receipt_of(ledger: Sequence[Spending], release_id: str) -> Receipt:
    """The receipt for a release of which the ledger that was written down has a line."""
    (line,) = (each for each in ledger if each.release_id == release_id)
    return Receipt(line.specification_sha256, line.epsilon_millionths, spent(ledger))


def spent(ledger: Sequence[Spending]) -> int:
    """What all releases took, in millionths."""
    return sum(each.epsilon_millionths for each in ledger)


def _millionths(epsilon: float) -> Fraction:
    """As written in the policy: 0.1 is a tenth, not the nearest binary fraction."""
    return Fraction(str(epsilon)) * MILLION
