"""What is destroyed for good: who asks for it, which keys went, and what its worker certifies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from linkage_engine.contract.value import FieldName, RandomId, Sha256, Slug, Value

ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_/-]{0,255}$")]
"""The name of a table or secret in a vault: folders, ids and data sets, never a value of a record."""


class DeliveryWithdrawal(Value):
    """What a provider signs when everything that came of one of its deliveries is to be destroyed."""

    delivery_withdrawal: Literal[1] = 1
    project_id: Slug
    provider_id: Slug
    delivery_id: RandomId
    withdrawn_at: datetime


class DestroyedKey(Value):
    """A table or secret that nothing opens any more."""

    name: ObjectName
    keys_sha256: tuple[Sha256, ...]
    """Of each random key that it had; none for a table of before content keys, which was only removed."""
    rewritten: bool
    """Whether a table of the same name was written without what was withdrawn, under a new key."""


class ProjectCertificate(Value):
    """What a worker signs when it has destroyed every key and secret that it kept of a closed project."""

    project_destruction: Literal[1] = 1
    destruction_id: RandomId
    project_id: Slug
    role: FieldName
    """The worker."""
    statement_sha256: Sha256
    """Of the signed permit that closed the project."""
    destroyed: tuple[DestroyedKey, ...]
    destroyed_at: datetime


class DestructionCertificate(Value):
    """What a worker signs when it has destroyed the keys of what came from a delivery."""

    destruction: Literal[1] = 1
    destruction_id: RandomId
    project_id: Slug
    provider_id: Slug
    delivery_id: RandomId
    role: FieldName
    """The worker."""
    statement_sha256: Sha256
    """Of the signed text that asked for it."""
    destroyed: tuple[DestroyedKey, ...]
    destroyed_at: datetime
