"""A withdrawal as a worker believes it: its provider signed it, over this list."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.contract.statements import Withdrawal
from service.withdrawals.actions import keep_withdrawal, refuse_withdrawal
from service.withdrawals.records import withdrawal_by_id
from service.worker import trust
from service.worker.permits import permit_of
from service.worker.roles import Surroundings

Withdraw = Callable[[BinaryIO, Withdrawal], int]
"""A door's way of keeping who was withdrawn."""


def withdraw(door: Withdraw, zone: Zone, surroundings: Surroundings, withdrawal_id: str) -> None:
    """Leave persons of a provider out from now on, if it signed that; also once the permit has run out."""
    try:
        with surroundings.act() as act:
            withdrawal = withdrawal_by_id(act.session, withdrawal_id)
            assert withdrawal is not None  # jobs are enqueued with it
            permit = permit_of(act, surroundings, withdrawal.project_id, live=False)
            statement, sealed = trust.withdrawal(withdrawal.statement, permit), withdrawal.sealed
        if hashlib.sha256(sealed).hexdigest() != statement.sealed_sha256:
            raise NotTrusted(RefusalCode.PART_DIFFERS_FROM_MANIFEST)
        door(io.BytesIO(sealed), statement)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            refuse_withdrawal(act, withdrawal_id, zone, refusal.code)
        return
    with surroundings.act() as act:
        keep_withdrawal(act, withdrawal_id, zone)
