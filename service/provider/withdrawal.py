"""Taking persons out of a project: their keys sealed to the two workers, how many of them signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.contract.statements import MOST_WITHDRAWN, Withdrawal
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from service.client import Client
from service.clock import Clock, Randomness
from service.provider.person_keys import PersonKeys
from service.signed import SigningKey, TextType, sign


@dataclass(frozen=True)
class Withdrawer:
    """Who takes persons out of which project."""

    provider_id: str
    project: ProjectFile
    key: SigningKey
    person_keys: PersonKeys
    clock: Clock
    random: Randomness


@dataclass(frozen=True)
class Withdrawn:
    """What the service says of a withdrawal that it received."""

    withdrawal_id: str
    persons: int
    state: str


def withdraw(local_ids: Sequence[str], withdrawer: Withdrawer, client: Client) -> Iterator[Withdrawn]:
    """Post the withdrawal of persons, in as many pieces as requests take; again is as good as once.

    Whoever was in no delivery changes nothing, and the service cannot tell.
    """
    for first in range(0, len(local_ids), MOST_WITHDRAWN):
        piece = local_ids[first : first + MOST_WITHDRAWN]
        sealed = _sealed(piece, withdrawer)
        statement = Withdrawal(
            project_id=withdrawer.project.project_id,
            provider_id=withdrawer.provider_id,
            persons=len(piece),
            sealed_sha256=hashlib.sha256(sealed).hexdigest(),
            withdrawn_at=withdrawer.clock(),
        )
        told = client.post(
            f"/projects/{withdrawer.project.project_id}/withdrawals",
            {
                "statement": sign(statement, withdrawer.key, TextType.WITHDRAWAL),
                "sealed": base64.b64encode(sealed).decode(),
            },
        )
        yield Withdrawn(str(told["withdrawal_id"]), len(piece), str(told["state"]))


def _sealed(local_ids: Sequence[str], withdrawer: Withdrawer) -> bytes:
    """The person keys, 16 bytes each, in an order that tells nothing, for both workers."""
    keys = sorted(map(bytes.fromhex, withdrawer.person_keys.of(local_ids)))
    to = withdrawer.project.recipients
    recipients = [Recipient.parse(to.linkage), Recipient.parse(to.analysis)]
    return seal_bytes(b"".join(keys), recipients=recipients, random=withdrawer.random)
