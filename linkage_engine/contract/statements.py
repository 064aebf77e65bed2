"""Short texts that people and workers sign: decisions, hand-overs, releases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.value import (
    Base64Url,
    FieldName,
    KeyCheck,
    RandomId,
    Sha256,
    ShortText,
    Slug,
    Value,
)


class SignedQuestion(Value):
    """A researcher's question as signed: the specification and who asks."""

    question: Literal[1] = 1
    asked_by: Slug
    asked_at: datetime
    nonce: RandomId
    specification: QuerySpec


class Envelope(Value):
    """The project linkage secret as it was sealed to one provider."""

    provider_id: Slug
    recipient_sha256: Sha256
    """Of the text of the age recipient; its first half is the fingerprint that people compare."""
    sealed_sha256: Sha256


class SecretStatement(Value):
    """What the lead provider signs when it has made the project linkage secret of an epoch."""

    linkage_secret: Literal[1] = 1
    project_id: Slug
    secret_epoch: Annotated[int, Field(ge=1)]
    lead_provider: Slug
    key_check: KeyCheck
    roster: tuple[Envelope, ...]
    made_at: datetime


MOST_WITHDRAWN = 40_000
"""Persons of one withdrawal: what a request takes. More are several withdrawals."""


class Withdrawal(Value):
    """What a provider signs when it takes persons out of a project: how many, and the sealed list of them."""

    withdrawal: Literal[1] = 1
    project_id: Slug
    provider_id: Slug
    persons: Annotated[int, Field(ge=1, le=MOST_WITHDRAWN)]
    sealed_sha256: Sha256
    """Of the age file with their person keys, which only the linkage and analysis workers open."""
    withdrawn_at: datetime


class Veto(Value):
    """What a provider signs when a release that its data are in shall not leave."""

    veto: Literal[1] = 1
    release_id: RandomId
    project_id: Slug
    provider_id: Slug
    reason: ShortText
    vetoed_at: datetime


class Tightening(Value):
    """What a provider signs when a project that its data are in shall tell less than its permit lets it."""

    tightening: Literal[1] = 1
    project_id: Slug
    provider_id: Slug
    policy: Slug
    """The permit's, or a shipped one that is no looser."""
    least_persons: Annotated[int, Field(ge=2, le=1000)] | None = None
    """Fewer people than this are told of in nothing, where the policy says fewer."""
    reason: ShortText
    tightened_at: datetime


class Tightened(Value):
    """What all tightenings of a project come to, beside its permit's policy."""

    policies: tuple[Slug, ...] = ()
    least_persons: Annotated[int, Field(ge=0, le=1000)] = 0


AS_PERMITTED = Tightened()
"""Nobody asked for more than the permit."""

APPROVALS_NEEDED = 2
"""How many output checkers have to approve a release, none of them its asker."""


class Verdict(StrEnum):
    """What an output checker decides."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Decision(Value):
    """An output checker's decision over one release, bound to the digest of what was seen."""

    decision: Literal[1] = 1
    release_id: RandomId
    project_id: Slug
    checker_id: Slug
    verdict: Verdict
    evidence_sha256: Sha256
    """SHA-256 of the opened evidence: the controlled table, its record and the question."""
    reason: ShortText
    decided_at: datetime


class AssertedDecision(Value):
    """A decision, and the answer of its checker's passkey to the digest of it (Web Authentication)."""

    asserted_decision: Literal[1] = 1
    decision: Decision
    credential_id: Base64Url
    client_data: Base64Url
    """What the browser says of the question: its kind, the challenge and the page's origin."""
    authenticator_data: Base64Url
    signature: Base64Url


class HandOverKind(StrEnum):
    """What one worker hands to another."""

    CROSSWALK = "crosswalk"
    AGGREGATES = "aggregates"
    POPULATIONS = "populations"
    """The same without anything counted."""


class HandOver(Value):
    """A sealed file from one worker to another, bound to project and subject."""

    hand_over: Literal[1] = 1
    kind: HandOverKind
    project_id: Slug
    subject_id: RandomId
    """The linkage run or the query."""
    sender: FieldName
    receiver: FieldName
    sealed_sha256: Sha256
    number: Annotated[int, Field(ge=1)] | None = None
    """Of a crosswalk: it rises from each to the next of a project."""


class ReleasedFile(Value):
    """One file of a release package."""

    name: str
    sha256: Sha256
    size_bytes: int


class ReleaseStatement(Value):
    """What the gate signs when a release leaves: its files and who approved it."""

    release: Literal[1] = 1
    release_id: RandomId
    project_id: Slug
    query_id: RandomId
    files: tuple[ReleasedFile, ...]
    approved_by: tuple[Slug, ...]
    decisions_sha256: tuple[Sha256, ...]
    released_at: datetime
